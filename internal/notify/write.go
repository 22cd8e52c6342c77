package notify

import (
	"embed"
	"html/template"
	"strings"
	texttemplate "text/template"
)

//go:embed templates
var files embed.FS

var (
	asText = texttemplate.Must(texttemplate.New("mail.txt").Funcs(texttemplate.FuncMap{"next": func(i int) int { return i + 1 }}).ParseFS(files, "templates/mail.txt"))
	asHTML = template.Must(template.ParseFS(files, "templates/mail.html"))
)

func (l letter) write() (text, html string, err error) {
	var t, h strings.Builder
	if err := asText.Execute(&t, l); err != nil {
		return "", "", err
	}
	if err := asHTML.Execute(&h, l); err != nil {
		return "", "", err
	}
	return t.String(), h.String(), nil
}
