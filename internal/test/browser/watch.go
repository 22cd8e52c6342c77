package browser

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
)

// watch follows what the page does: what it complains of, and what it is still waiting for.
type watch struct {
	lock       sync.Mutex
	complaints []string
	expected   []string
	loading    map[string]bool
	requests   map[network.RequestID]request
}

// request is one that is under way, for a document that is named by its loader.
type request struct{ address, frame, loader string }

func newWatch() *watch {
	return &watch{loading: map[string]bool{}, requests: map[network.RequestID]request{}}
}

// see takes one event. It runs in the loop that reads from the browser, so it only takes notes.
func (w *watch) see(event any) {
	w.lock.Lock()
	defer w.lock.Unlock()
	switch e := event.(type) {
	case *runtime.EventExceptionThrown:
		w.complaints = append(w.complaints, "uncaught "+describe(e.ExceptionDetails))
	case *runtime.EventConsoleAPICalled:
		if e.Type == "error" || e.Type == "assert" {
			w.complaints = append(w.complaints, "console: "+arguments(e.Args))
		}
	case *log.EventEntryAdded:
		if e.Entry.Level == "error" {
			w.complaints = append(w.complaints, fmt.Sprintf("%s: %s %s", e.Entry.Source, e.Entry.Text, e.Entry.URL))
		}
	case *page.EventFrameStartedLoading:
		w.loading[string(e.FrameID)] = true
	case *page.EventFrameStoppedLoading:
		delete(w.loading, string(e.FrameID))
	case *page.EventFrameDetached:
		delete(w.loading, string(e.FrameID))
	case *page.EventFrameNavigated: // what the document before has asked for nobody waits for; the browser is not always heard to drop it
		maps.DeleteFunc(w.requests, func(_ network.RequestID, r request) bool {
			return r.frame == string(e.Frame.ID) && r.loader != string(e.Frame.LoaderID)
		})
	case *network.EventRequestWillBeSent:
		if e.Type != network.ResourceTypeEventSource && e.Type != network.ResourceTypeWebSocket {
			w.requests[e.RequestID] = request{e.Request.URL, string(e.FrameID), string(e.LoaderID)}
		}
	case *network.EventLoadingFinished:
		delete(w.requests, e.RequestID)
	case *network.EventLoadingFailed:
		delete(w.requests, e.RequestID)
	}
}

func describe(d *runtime.ExceptionDetails) string {
	if d.Exception != nil && d.Exception.Description != "" {
		return d.Exception.Description
	}
	return d.Text
}

func arguments(args []*runtime.RemoteObject) string {
	var words []string
	for _, a := range args {
		if a.Description != "" {
			words = append(words, a.Description)
		} else {
			words = append(words, strings.Trim(string(a.Value), `"`))
		}
	}
	return strings.Join(words, " ")
}

func (w *watch) expect(text string) {
	w.lock.Lock()
	defer w.lock.Unlock()
	w.expected = append(w.expected, text)
}

// problems are the complaints that nobody expected, and the expected ones that never came.
func (w *watch) problems() (unexpected, absent []string) {
	w.lock.Lock()
	defer w.lock.Unlock()
	for _, complaint := range w.complaints {
		if !slices.ContainsFunc(w.expected, func(text string) bool { return strings.Contains(complaint, text) }) {
			unexpected = append(unexpected, complaint)
		}
	}
	for _, text := range w.expected {
		if !slices.ContainsFunc(w.complaints, func(complaint string) bool { return strings.Contains(complaint, text) }) {
			absent = append(absent, text)
		}
	}
	return unexpected, absent
}

// waitingFor is what keeps the page from being settled; "" when nothing does.
func (w *watch) waitingFor() string {
	w.lock.Lock()
	defer w.lock.Unlock()
	for _, r := range w.requests {
		return r.address
	}
	if len(w.loading) > 0 {
		return "the page to load"
	}
	return ""
}
