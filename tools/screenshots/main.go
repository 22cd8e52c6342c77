// Command screenshots pictures every page and state of the portal, at desktop and phone width, light and dark, with
// Chromium:
//
//	go run ./tools/screenshots -out build/screenshots [-only users]
//
//	states/  every sample of the gallery, with made-up data
//	world/   the real pages of a demo world, as people of it see them
//
// A file is NAME.WIDTH.THEME.png. The one rule: what is pictured is what the program serves; nothing is retouched.
package main

import (
	"flag"
	"fmt"
	"log"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"countersign/internal/portal"
	"countersign/internal/portal/gallery"
	"countersign/internal/test/browser"
	"countersign/tools/internal/stage"
)

func main() {
	log.SetFlags(0)
	out := flag.String("out", "build/screenshots", "the folder that gets the pictures")
	only := flag.String("only", "", "picture only what has this in its name")
	flag.Parse()
	c := camera{out: *out, only: *only}
	if err := c.states(); err != nil {
		log.Fatal(err)
	}
	if err := c.world(); err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%d pictures in %s\n", c.taken, c.out)
}

type camera struct {
	out, only string
	taken     int
}

var widths = []int{1280, 390}

// picture takes a page four times. open brings the browser to it.
func (c *camera) picture(b *browser.Browser, name string, open func()) {
	if !strings.Contains(name, c.only) {
		return
	}
	b.SetViewport(widths[0], 900)
	open()
	for _, width := range widths {
		for theme, dark := range map[string]bool{"light": false, "dark": true} {
			b.Screenshot(filepath.Join(c.out, fmt.Sprintf("%s.%d.%s.png", name, width, theme)), width, dark)
			c.taken++
		}
	}
}

// states pictures the gallery.
func (c *camera) states() error {
	handler, err := gallery.Handler()
	if err != nil {
		return err
	}
	server := httptest.NewServer(handler)
	defer server.Close()
	return stage.Hold("states", func(t testing.TB) {
		b := browser.New(t)
		for i, s := range gallery.Samples(portal.Page{}, gallery.Plain()) {
			lang := []string{"en", "fr"}[i%2]
			c.picture(b, "states/"+s.Name+"."+lang, func() { b.Goto(server.URL + "/p/" + s.Name + "?lang=" + lang) })
		}
	})
}
