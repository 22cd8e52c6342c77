// Command countersign is the access desk of a payment platform's back office.
//
//	countersign init    make the platform and print its first administrator's link
//	countersign serve   the portal, the JSON API and the decision API
//	countersign demo    fill an empty database with a believable world
//
// main.go holds the command line, wire.go puts the rooms together, routes.go
// lists what is served, serve.go runs it and stops it gracefully.
package main

import (
	"fmt"
	"os"

	"github.com/alecthomas/kong"

	"countersign/internal/fault"
	"countersign/internal/lang"
)

// version is set by the release build (-ldflags "-X main.version=…").
var version = "development"

type commands struct {
	Init    initCommand      `cmd:"" help:"Make the platform and print the one-time link of its first administrator."`
	Serve   serveCommand     `cmd:"" help:"Serve the portal and the APIs."`
	Demo    demoCommand      `cmd:"" help:"Fill an empty database with a believable world, marked as a demo for ever."`
	Code    codeCommand      `cmd:"" help:"Print the current one-time code of a demo login's key."`
	Hash    hashCommand      `cmd:"" hidden:""`
	Version kong.VersionFlag `help:"Print the version."`
}

func main() {
	os.Exit(run(os.Args[1:]))
}

func run(args []string) int {
	var c commands
	parser, err := kong.New(&c, kong.Name("countersign"), kong.Vars{"version": version}, kong.UsageOnError(),
		kong.Description("Who may do what, on which merchant's data: the access desk of a payment platform's back office."))
	if err != nil {
		return complain(err)
	}
	chosen, err := parser.Parse(args)
	if err != nil {
		return complain(err)
	}
	if err := chosen.Run(); err != nil {
		return complain(err)
	}
	return 0
}

// complain says what went wrong, and for a refusal what to do about it.
func complain(err error) int {
	f := fault.From(err)
	if f.Kind == fault.Internal {
		fmt.Fprintf(os.Stderr, "countersign: %v\n", err)
		return 1
	}
	fmt.Fprintf(os.Stderr, "countersign: %s\n", lang.Sentence(lang.English, f))
	for _, field := range f.Fields {
		fmt.Fprintf(os.Stderr, "  %s: %s\n", field.Name, lang.FieldSentence(lang.English, field))
	}
	return 1
}
