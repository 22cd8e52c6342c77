// Command assets copies what the portal shows of other projects from node_modules into the folder that the binary embeds.
//
//	go run ./tools/assets [-from node_modules] [-to internal/portal/assets/vendor]
//
// It copies one stylesheet and two scripts, each with its licence; not Tabler's script, which the portal does not use.
// Its one rule: what a page loads is small and asks for nothing more, so it takes out the addresses of source maps and
// refuses a file that has outgrown its bound or that fetches something by address.
package main

import (
	"bytes"
	"compress/gzip"
	_ "embed"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
)

// asset is one file to copy. Bound is in bytes, compressed.
type asset struct {
	from, to, licence string
	bound             int
}

var assets = []asset{
	{from: "@tabler/core/dist/css/tabler.min.css", to: "tabler.min.css", bound: 80_000},
	{from: "htmx.org/dist/htmx.min.js", to: "htmx.min.js", licence: "htmx.org/LICENSE", bound: 16_000},
	{from: "@simplewebauthn/browser/dist/bundle/index.umd.min.js", to: "simplewebauthn.min.js", licence: "@simplewebauthn/browser/LICENSE.md", bound: 5_000},
}

// tablerLicence is written out here because Tabler's package names its licence without carrying the text.
//
//go:embed tabler.LICENSE.txt
var tablerLicence []byte

func main() {
	from := flag.String("from", "node_modules", "where npm has put the packages")
	to := flag.String("to", "internal/portal/assets/vendor", "the folder that the binary embeds")
	flag.Parse()
	if err := copyAll(*from, *to); err != nil {
		fmt.Fprintln(os.Stderr, "assets:", err)
		os.Exit(1)
	}
}

func copyAll(from, to string) error {
	for _, a := range assets {
		content, err := os.ReadFile(filepath.Join(from, a.from))
		if err != nil {
			return err
		}
		content = withoutSourceMap(content)
		if err := check(content, a.bound); err != nil {
			return fmt.Errorf("%s: %w", a.from, err)
		}
		licence := tablerLicence
		if a.licence != "" {
			if licence, err = os.ReadFile(filepath.Join(from, a.licence)); err != nil {
				return err
			}
		}
		if err := write(filepath.Join(to, a.to), content); err != nil {
			return err
		}
		if err := write(filepath.Join(to, a.to+".LICENSE.txt"), licence); err != nil {
			return err
		}
	}
	return nil
}

var sourceMap = regexp.MustCompile(`\s*(/\*#\s*sourceMappingURL=[^*]*\*/|//#\s*sourceMappingURL=\S*)\s*`)

// withoutSourceMap takes out the comment that makes developer tools ask for a file that is not there.
func withoutSourceMap(content []byte) []byte {
	return append(bytes.TrimRight(sourceMap.ReplaceAll(content, nil), "\n"), '\n')
}

// foreign matches what a stylesheet would fetch; icons as data: addresses are part of the file and fine.
var foreign = regexp.MustCompile(`@import\b|url\(\s*["']?(?:[^"'d\s)]|d[^a])`)

func check(content []byte, bound int) error {
	if match := foreign.Find(content); match != nil {
		return fmt.Errorf("fetches something more: %s", match)
	}
	var compressed bytes.Buffer
	writer, err := gzip.NewWriterLevel(&compressed, gzip.BestCompression)
	if err != nil {
		return err
	}
	if _, err := writer.Write(content); err != nil {
		return err
	}
	if err := writer.Close(); err != nil {
		return err
	}
	if compressed.Len() > bound {
		return fmt.Errorf("%d bytes compressed, more than %d", compressed.Len(), bound)
	}
	return nil
}

// write replaces the file in one step, so that a build next door never embeds half of it.
func write(name string, content []byte) error {
	if err := os.WriteFile(name+".part", content, 0o644); err != nil {
		return err
	}
	return os.Rename(name+".part", name)
}
