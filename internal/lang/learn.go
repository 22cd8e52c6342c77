package lang

import (
	"maps"
	"sync"
	"sync/atomic"
)

// learned are the words that the installation's own people gave to what they
// registered: not translated, and the same in every language. Messages of the
// files come first.
var learned struct {
	sync.Mutex
	now atomic.Pointer[map[string]string]
}

// Learn takes up words that people gave to what they registered, as messages
// without places. What was learned before stays, unless it has other words now.
func Learn(words map[string]string) {
	learned.Lock()
	defer learned.Unlock()
	next := map[string]string{}
	if now := learned.now.Load(); now != nil {
		next = maps.Clone(*now)
	}
	maps.Copy(next, words)
	learned.now.Store(&next)
}

func learnedText(key string) (string, bool) {
	now := learned.now.Load()
	if now == nil {
		return "", false
	}
	text, ok := (*now)[key]
	return text, ok
}
