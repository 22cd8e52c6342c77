package web

import (
	"io"
	"net/http"
	"time"
)

// Download begins a file that is sent as it is made: of any length, in bounded
// memory. name is what a browser keeps it as, plain ASCII. An error that comes
// after the first byte breaks the connection, so that nobody takes a part for the
// whole (Edge.Fail).
func Download(w http.ResponseWriter, name, contentType string) io.Writer {
	h := w.Header()
	h.Set("Content-Type", contentType)
	h.Set("Content-Disposition", `attachment; filename="`+name+`"`)
	return &download{w: w, controller: http.NewResponseController(w)}
}

type download struct {
	w          http.ResponseWriter
	controller *http.ResponseController
	begun      bool
}

// stalled is how long a reader may take for one piece of a download.
const stalled = 2 * time.Minute

// Write sends a piece. The server's limit on the time of an answer is counted
// anew for each; a writer that has no such limit is left as it is. The first piece
// goes out at once, however short: what compresses would hold it back, and an error
// after it would be written behind it.
func (d *download) Write(p []byte) (int, error) {
	d.controller.SetWriteDeadline(time.Now().Add(stalled))
	n, err := d.w.Write(p)
	if err == nil && !d.begun {
		d.begun = true
		d.controller.Flush()
	}
	return n, err
}
