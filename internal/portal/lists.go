package portal

import (
	"maps"
	"net/url"
	"slices"
	"strings"

	"countersign/internal/fault"
)

// What the lists have in common.

// understood refuses a file whose address narrows it by what the list could not
// read. On the page one sees that such a filter is off; the file would be of
// everything.
func understood(asked, read url.Values) error {
	var wrong fault.Fields
	for _, name := range slices.Sorted(maps.Keys(asked)) {
		switch name {
		case "order", "cursor", "format": // do not narrow
		default:
			if strings.TrimSpace(asked.Get(name)) != "" && read.Get(name) == "" {
				wrong.Add(name, "invalid")
			}
		}
	}
	return wrong.Err()
}
