package portal

import (
	"encoding/base64"
	"encoding/json"
	"net/http"

	"countersign/internal/web"
)

// flashPurpose binds a message to the person whom it is for.
func flashPurpose(v *web.Visit) string { return "flash " + v.Who.ID }

// flash keeps a message for the next page: sealed in a cookie, because it may
// hold a name.
func (p *Portal) flash(w http.ResponseWriter, v *web.Visit, mood Mood, code string, args ...any) {
	plain, err := json.Marshal(Flash{Mood: mood, Code: code, Args: args})
	if err != nil {
		return
	}
	sealed, err := p.DB.Box().Seal(p.DB.Random(), flashPurpose(v), plain)
	if err != nil {
		return
	}
	web.SetCookie(w, web.FlashCookie, base64.RawURLEncoding.EncodeToString(sealed), true)
}

// takeFlash reads and removes it.
func (p *Portal) takeFlash(w http.ResponseWriter, r *http.Request, v *web.Visit) *Flash {
	value := web.Cookie(r, web.FlashCookie)
	if value == "" {
		return nil
	}
	web.DropCookie(w, web.FlashCookie)
	sealed, err := base64.RawURLEncoding.DecodeString(value)
	if err != nil {
		return nil
	}
	plain, err := p.DB.Box().Open(flashPurpose(v), sealed)
	if err != nil {
		return nil
	}
	var f Flash
	if json.Unmarshal(plain, &f) != nil {
		return nil
	}
	for i, arg := range f.Args {
		if n, ok := arg.(float64); ok { // JSON knows no other number; words count in whole ones
			f.Args[i] = int64(n)
		}
	}
	return &f
}
