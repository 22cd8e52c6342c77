package web

import (
	"bufio"
	"net/http"
	"strings"
)

// CSV writes a table for spreadsheets (RFC 4180): UTF-8 with the mark by which
// Excel knows it, every cell in quotes, and none that a spreadsheet would take
// for a formula. Make one with NewCSV, and Flush it at the end.
type CSV struct{ w *bufio.Writer }

// NewCSV begins a table that whoever asked gets as a file of that name, as
// Download sends it.
func NewCSV(w http.ResponseWriter, name string) (*CSV, error) {
	c := &CSV{bufio.NewWriter(Download(w, name, "text/csv; charset=utf-8"))}
	_, err := c.w.WriteString("\ufeff")
	return c, err
}

// Row adds a line. An error of the writer below comes at the latest with Flush.
func (c *CSV) Row(cells ...string) error {
	for i, cell := range cells {
		if i > 0 {
			c.w.WriteByte(',')
		}
		c.w.WriteByte('"')
		c.w.WriteString(strings.ReplaceAll(Plain(cell), `"`, `""`))
		c.w.WriteByte('"')
	}
	_, err := c.w.WriteString("\r\n")
	return err
}

// Flush writes what is still held back.
func (c *CSV) Flush() error { return c.w.Flush() }

// Plain makes a cell one that no spreadsheet takes for a formula (OWASP, "CSV
// injection"): an apostrophe stands before a character that begins one, at the
// start of the cell and after whatever some spreadsheet takes for the end of a
// cell, semicolons in French ones among them. Nothing else is changed.
func Plain(cell string) string {
	var b strings.Builder
	begins := true
	for _, r := range cell {
		if begins && strings.ContainsRune("=+-@＝＋－＠", r) {
			b.WriteByte('\'')
		}
		switch {
		case strings.ContainsRune("\t\r\n,;|\"'", r):
			begins = true
		case r != ' ' && r != '\u00a0':
			begins = false
		}
		if r == '\t' || r == '\r' || r == '\n' { // at the start some take them for the sign before a formula
			r = ' '
		}
		b.WriteRune(r)
	}
	return b.String()
}

// SendCSV sends what write makes as a file of that name.
func SendCSV(w http.ResponseWriter, name string, write func(*CSV) error) error {
	c, err := NewCSV(w, name)
	if err == nil {
		err = write(c)
	}
	if err == nil {
		err = c.Flush()
	}
	return err
}

// SendTable sends short rows, all at hand, as a file of that name.
func SendTable(w http.ResponseWriter, name string, rows [][]string) error {
	return SendCSV(w, name, func(c *CSV) error {
		for _, row := range rows {
			if err := c.Row(row...); err != nil {
				return err
			}
		}
		return nil
	})
}
