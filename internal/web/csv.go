package web

import (
	"encoding/csv"
	"net/http"
	"strings"
	"time"
	"unicode/utf8"
)

// CSV writes rows for spreadsheets to whoever asked, as they come: with a mark of
// UTF-8, by which Excel reads names right, and no cell that a spreadsheet would
// take for a formula (OWASP, "CSV Injection").
type CSV struct {
	w    *csv.Writer
	http http.ResponseWriter
}

// NewCSV begins a file of that name. Nothing that went before may have been
// written, and no error page can come any more.
func NewCSV(w http.ResponseWriter, name string) (*CSV, error) {
	h := w.Header()
	h.Set("Content-Type", "text/csv; charset=utf-8; header=present") // RFC 7111, 5
	h.Set("Content-Disposition", `attachment; filename="`+name+`"`)
	w.WriteHeader(http.StatusOK)
	c := &CSV{csv.NewWriter(w), w}
	c.w.UseCRLF = true
	_, err := w.Write([]byte("\uFEFF"))
	return c, err
}

// SendCSV writes a file of that name: write begins after the mark, and what it
// leaves is sent. When it fails the connection is cut off, so that a file that
// ends early does not look whole.
func SendCSV(w http.ResponseWriter, name string, write func(*CSV) error) error {
	c, err := NewCSV(w, name)
	if err == nil {
		err = write(c)
	}
	if err == nil {
		err = c.Flush()
	}
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	return nil
}

// Row writes a row.
func (c *CSV) Row(cells ...string) error {
	safe := make([]string, len(cells))
	for i, cell := range cells {
		safe[i] = asText(cell)
	}
	return c.w.Write(safe)
}

// flushWithin is how long whoever reads may take over what is sent at once.
const flushWithin = time.Minute

// Flush sends what was written so far, and gives the rest its time.
func (c *CSV) Flush() error {
	control := http.NewResponseController(c.http)
	_ = control.SetWriteDeadline(time.Now().Add(flushWithin)) // where there is a connection
	if c.w.Flush(); c.w.Error() != nil {
		return c.w.Error()
	}
	_ = control.Flush()
	return nil
}

// asText puts an apostrophe before what a spreadsheet would take for a formula, so
// that it is shown as it is written.
func asText(cell string) string {
	first, _ := utf8.DecodeRuneInString(cell)
	if strings.ContainsRune("=+-@\t\r\n＝＋－＠", first) && cell != "" {
		return "'" + cell
	}
	return cell
}
