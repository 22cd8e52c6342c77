package signin

import (
	"fmt"
	"net/netip"
	"strings"

	"github.com/oschwald/maxminddb-golang/v2"

	"countersign/internal/lang"
)

// Places tell where network addresses are, from a file of the operator's (MMDB, as
// MaxMind and others give it away); nobody is asked over the network. The nil
// Places knows none.
type Places struct{ file *maxminddb.Reader }

// OpenPlaces opens the file.
func OpenPlaces(name string) (*Places, error) {
	file, err := maxminddb.Open(name)
	if err != nil {
		return nil, fmt.Errorf("open the geo database %s: %w", name, err)
	}
	return &Places{file}, nil
}

// Close closes it.
func (p *Places) Close() error {
	if p == nil {
		return nil
	}
	return p.file.Close()
}

// Place is where an address is, as far as that is known.
type Place struct {
	Near bool   // it is of this network, or of this machine
	Name string // "Lyon, France"; "" when it is not known
}

const placeMost = 60 // code points of a name

// Of tells where an address is, in a language, or in English where the file has no
// word in it.
func (p *Places) Of(address string, tag lang.Tag) Place {
	ip, err := netip.ParseAddr(address)
	if err != nil {
		return Place{}
	}
	ip = ip.Unmap().WithZone("")
	if ip.IsPrivate() || ip.IsLoopback() || ip.IsLinkLocalUnicast() {
		return Place{Near: true}
	}
	if p == nil {
		return Place{}
	}
	var found struct {
		City    named `maxminddb:"city"`
		Country named `maxminddb:"country"`
	}
	if err := p.file.Lookup(ip).Decode(&found); err != nil {
		return Place{} // a damaged file tells nothing, and stops nobody
	}
	var parts []string
	for _, n := range []named{found.City, found.Country} {
		if name := n.in(tag); name != "" {
			parts = append(parts, name)
		}
	}
	return Place{Name: strings.Join(parts, ", ")}
}

type named struct {
	Names map[string]string `maxminddb:"names"`
}

func (n named) in(tag lang.Tag) string {
	name := n.Names[string(tag)]
	if name == "" {
		name = n.Names[string(lang.English)]
	}
	clean, problem := lang.Line(name, placeMost)
	if problem != "" {
		return ""
	}
	return clean
}
