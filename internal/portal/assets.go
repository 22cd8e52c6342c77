package portal

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"io/fs"
	"net/http"
	"path"
	"slices"
	"strconv"
	"strings"
)

// The files of other projects that pages load.
const (
	tablerCSS  = "tabler.min.css"
	webAuthnJS = "simplewebauthn.min.js"
	htmxJS     = "htmx.min.js"
)

//go:embed assets
var embedded embed.FS

// Assets are the files that pages load: each is served under a name that holds a
// hash of its content, so that a browser may keep it for ever.
type Assets struct {
	paths map[string]string    // "countersign.css" → "/assets/countersign.1f3a….css"
	files map[string]assetFile // by that address
}

type assetFile struct {
	kind  string
	plain []byte
	gzip  []byte // nil where it would not be smaller
}

// LoadAssets takes the files that are built into the program.
func LoadAssets() (*Assets, error) {
	files, err := fs.Sub(embedded, "assets")
	if err != nil {
		return nil, err
	}
	return NewAssets(files)
}

// NewAssets reads, names and compresses all files of a folder whose kind it knows.
// Those of the folder "vendor" are named without it.
func NewAssets(files fs.FS) (*Assets, error) {
	a := &Assets{paths: map[string]string{}, files: map[string]assetFile{}}
	err := fs.WalkDir(files, ".", func(name string, d fs.DirEntry, err error) error {
		kind := kinds(path.Ext(name))
		if err != nil || d.IsDir() || kind == "" {
			return err
		}
		content, err := fs.ReadFile(files, name)
		if err != nil {
			return err
		}
		return a.add(strings.TrimPrefix(name, "vendor/"), kind, content)
	})
	return a, err
}

func kinds(ext string) string {
	switch ext {
	case ".css":
		return "text/css; charset=utf-8"
	case ".js":
		return "text/javascript; charset=utf-8"
	case ".svg":
		return "image/svg+xml"
	}
	return ""
}

func (a *Assets) add(name, kind string, content []byte) error {
	sum := sha256.Sum256(content)
	ext := path.Ext(name)
	address := AssetsPath + strings.TrimSuffix(name, ext) + "." + hex.EncodeToString(sum[:8]) + ext
	small, err := compress(content)
	if err != nil {
		return err
	}
	if len(small) >= len(content) {
		small = nil
	}
	a.paths[name] = address
	a.files[address] = assetFile{kind: kind, plain: content, gzip: small}
	return nil
}

func compress(content []byte) ([]byte, error) {
	var b bytes.Buffer
	w, err := gzip.NewWriterLevel(&b, gzip.BestCompression)
	if err != nil {
		return nil, err
	}
	if _, err := w.Write(content); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// Path is the address of a file, "" when there is none.
func (a *Assets) Path(name string) string { return a.paths[name] }

// Has tells whether an address is a file's.
func (a *Assets) Has(path string) bool {
	_, ok := a.files[path]
	return ok
}

// Missing lists the files of other projects that the build did not bring; a
// program that lacks any should say so when it starts.
func (a *Assets) Missing() []string {
	var missing []string
	for _, name := range []string{tablerCSS, webAuthnJS, htmxJS} {
		if a.paths[name] == "" {
			missing = append(missing, name)
		}
	}
	return missing
}

// ServeHTTP answers GET and HEAD for the hashed names, and 404 for all else.
func (a *Assets) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("X-Content-Type-Options", "nosniff")
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		h.Set("Allow", "GET, HEAD")
		http.Error(w, http.StatusText(http.StatusMethodNotAllowed), http.StatusMethodNotAllowed)
		return
	}
	file, ok := a.files[r.URL.Path]
	if !ok {
		http.Error(w, http.StatusText(http.StatusNotFound), http.StatusNotFound)
		return
	}
	h.Set("Content-Type", file.kind)
	h.Set("Cache-Control", "public, max-age=31536000, immutable")
	h.Set("Vary", "Accept-Encoding")
	body := file.plain
	if file.gzip != nil && acceptsGzip(r.Header.Get("Accept-Encoding")) {
		h.Set("Content-Encoding", "gzip")
		body = file.gzip
	}
	h.Set("Content-Length", strconv.Itoa(len(body)))
	if r.Method == http.MethodGet {
		_, _ = w.Write(body) // the reader has gone; there is nobody to tell
	}
}

// acceptsGzip reads Accept-Encoding (RFC 9110, 12.5.3): named, and not with q=0.
func acceptsGzip(header string) bool {
	return slices.ContainsFunc(strings.Split(header, ","), func(part string) bool {
		coding, weight, _ := strings.Cut(part, ";")
		if !strings.EqualFold(strings.TrimSpace(coding), "gzip") {
			return false
		}
		q, err := strconv.ParseFloat(strings.TrimPrefix(strings.ReplaceAll(weight, " ", ""), "q="), 64)
		return weight == "" || err == nil && q > 0
	})
}
