package web

import (
	"net/http"

	"github.com/klauspost/compress/gzhttp"
)

// worthIt is the size, in bytes, from which compressing pays: less fits one packet either way.
const worthIt = 1400

// compressing answers pages compressed, where it is safe: only to a browser that
// says that one of our own pages, or the person themselves, asked. Whoever lures
// somebody to an address of ours from a page of theirs, to learn from the length
// of the answer what stands in it (BREACH), is answered plainly; so is a browser
// too old to say who asked, and any program.
func compressing(next http.Handler) (http.Handler, error) {
	wrap, err := gzhttp.NewWrapper(gzhttp.MinSize(worthIt), gzhttp.CompressionLevel(4), gzhttp.ContentTypes([]string{"text/html", "text/csv"}), gzhttp.SetContentType(false))
	if err != nil {
		return nil, err
	}
	small := wrap(next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.Header.Get("Sec-Fetch-Site") {
		case "same-origin", "none":
			small(w, r)
		default:
			next.ServeHTTP(w, r)
		}
	}), nil
}
