package server

import (
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// Letter is a mail as a person reads it.
type Letter struct {
	To, Subject, Language string
	Text                  string // the plain part
	HTML                  string
	Raw                   string
}

// Link is the one address of this portal that the letter holds.
func (l Letter) Link(t testing.TB) string {
	t.Helper()
	link := linkIn.FindString(l.Text)
	if link == "" {
		t.Fatalf("no link in the mail:\n%s", l.Text)
	}
	return link
}

// Read takes a mail apart.
func Read(t testing.TB, raw string) Letter {
	t.Helper()
	m, err := mail.ReadMessage(strings.NewReader(raw))
	if err != nil {
		t.Fatalf("a mail that cannot be read: %v\n%s", err, raw)
	}
	subject, err := new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject"))
	if err != nil {
		t.Fatal(err)
	}
	l := Letter{To: m.Header.Get("To"), Subject: subject, Language: m.Header.Get("Content-Language"), Raw: raw}
	if to, err := m.Header.AddressList("To"); err == nil && len(to) == 1 {
		l.To = to[0].Address
	}
	l.part(t, m.Header.Get("Content-Type"), m.Header.Get("Content-Transfer-Encoding"), m.Body)
	return l
}

func (l *Letter) part(t testing.TB, kind, encoding string, body io.Reader) {
	t.Helper()
	media, params, err := mime.ParseMediaType(kind)
	if err != nil {
		t.Fatal(err)
	}
	if strings.HasPrefix(media, "multipart/") {
		for r := multipart.NewReader(body, params["boundary"]); ; {
			p, err := r.NextRawPart()
			if err == io.EOF {
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			l.part(t, p.Header.Get("Content-Type"), p.Header.Get("Content-Transfer-Encoding"), p)
		}
	}
	if strings.EqualFold(encoding, "quoted-printable") {
		body = quotedprintable.NewReader(body)
	}
	text, err := io.ReadAll(body)
	if err != nil {
		t.Fatal(err)
	}
	switch media {
	case "text/plain":
		l.Text = strings.ReplaceAll(string(text), "\r\n", "\n")
	case "text/html":
		l.HTML = string(text)
	}
}

// Mails are the letters in the spool to an address, oldest first.
func (s *Server) Mails(to string) []Letter {
	s.t.Helper()
	files, err := filepath.Glob(filepath.Join(s.mails, "*.eml"))
	if err != nil {
		s.t.Fatal(err)
	}
	slices.Sort(files)
	var out []Letter
	for _, name := range files {
		raw, err := os.ReadFile(name)
		if err != nil {
			s.t.Fatal(err)
		}
		if l := Read(s.t, string(raw)); l.To == to {
			out = append(out, l)
		}
	}
	return out
}

// Mail waits until n letters to an address are in the spool, and gives the n-th.
func (s *Server) Mail(to string, n int) Letter {
	s.t.Helper()
	late := time.Now().Add(patience)
	for {
		if list := s.Mails(to); len(list) >= n {
			return list[n-1]
		}
		if time.Now().After(late) {
			s.t.Fatalf("%d of %d mails to %s came", len(s.Mails(to)), n, to)
		}
		select {
		case <-s.t.Context().Done():
			s.t.Fatal("the test ended while it waited for mail")
		case <-time.After(10 * time.Millisecond):
		}
	}
}
