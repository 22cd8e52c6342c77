package config

import (
	"fmt"
	"io"
	"os"
	"strings"

	"countersign/internal/seal"
)

// Problems is everything that is wrong with a configuration, told at once. It is
// the error of Validate, never empty there.
type Problems []Problem

// Problem is one thing wrong: the option and what to do about it.
type Problem struct{ Option, Text string }

// Error lists the problems, one a line.
func (p Problems) Error() string {
	if len(p) == 1 {
		return p[0].String()
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%d problems with the configuration:", len(p))
	for _, one := range p {
		b.WriteString("\n  " + one.String())
	}
	return b.String()
}

func (p Problem) String() string { return p.Option + ": " + p.Text }

func (p *Problems) add(option, format string, args ...any) {
	*p = append(*p, Problem{option, fmt.Sprintf(format, args...)})
}

func (p Problems) err() error {
	if len(p) == 0 {
		return nil
	}
	return p
}

// maxSecretFile is more than any key ring needs.
const maxSecretFile = 64 << 10

// readSecret reads a file that holds a secret and refuses one that everybody on
// the machine can read or write.
func readSecret(file string) (seal.Secret, error) {
	f, err := os.Open(file)
	if err != nil {
		return "", err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return "", err
	}
	if !info.Mode().IsRegular() {
		return "", fmt.Errorf("%s is not a file", file)
	}
	if info.Mode().Perm()&0o007 != 0 {
		return "", fmt.Errorf("everybody on this machine can open %s: run chmod 600 %[1]s", file)
	}
	text, err := io.ReadAll(io.LimitReader(f, maxSecretFile+1))
	if err != nil {
		return "", err
	}
	if len(text) > maxSecretFile {
		return "", fmt.Errorf("%s is too large to hold a secret", file)
	}
	return seal.Secret(text), nil
}
