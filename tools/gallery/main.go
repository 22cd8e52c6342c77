// Command gallery shows every page of the portal with made-up data, for people
// who work on its looks: go run ./tools/gallery, then open the printed address.
package main

import (
	"flag"
	"log"
	"net/http"
	"time"

	"countersign/internal/portal/gallery"
)

func main() {
	listen := flag.String("listen", "127.0.0.1:8099", "address to listen on")
	flag.Parse()
	handler, err := gallery.Handler()
	if err != nil {
		log.Fatal(err)
	}
	log.Printf("http://%s/", *listen)
	server := &http.Server{Addr: *listen, Handler: handler, ReadHeaderTimeout: 5 * time.Second}
	log.Fatal(server.ListenAndServe())
}
