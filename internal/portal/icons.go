package portal

import (
	"fmt"
	"html/template"
)

// drawings are the icons: strokes on a grid of 24, drawn for this portal.
func drawings(name string) string {
	switch name {
	case "home":
		return `<path d="M4 11.5 12 4.5l8 7"/><path d="M6 10v9.5h12V10"/><path d="M10 19.5v-5h4v5"/>`
	case "users":
		return `<circle cx="9" cy="8" r="3.25"/><path d="M3 19.5c.4-3.6 2.8-5.5 6-5.5s5.6 1.9 6 5.5"/><path d="M15.5 5a3.25 3.25 0 0 1 0 6"/><path d="M17.5 14.4c2 .7 3.2 2.5 3.5 5.1"/>`
	case "user":
		return `<circle cx="12" cy="8" r="3.5"/><path d="M5 20c.5-4 3.2-6 7-6s6.5 2 7 6"/>`
	case "roles":
		return `<path d="M12 3.5 5 6v5.5c0 4.3 2.8 7.3 7 9 4.2-1.7 7-4.7 7-9V6z"/><path d="m9 12 2.2 2.2L15.2 10"/>`
	case "activity":
		return `<circle cx="12" cy="12" r="8"/><path d="M12 7.5V12l3 2"/>`
	case "clock":
		return `<circle cx="12" cy="12" r="8"/><path d="M12 8v4.3l2.6 1.7"/>`
	case "building":
		return `<path d="M5 20V5h9v15"/><path d="M14 10h5v10"/><path d="M3.5 20h17"/><path d="M8 8.5h3M8 12h3M8 15.5h3"/>`
	case "tree":
		return `<rect x="4" y="4" width="6" height="4.5" rx="1"/><rect x="14" y="10" width="6" height="4.5" rx="1"/><rect x="14" y="16.5" width="6" height="4.5" rx="1"/><path d="M7 8.5v10.3h7M7 12.3h7"/>`
	case "settings":
		return `<path d="M4 7.5h8M17 7.5h3M4 16.5h3M12 16.5h8"/><circle cx="14.5" cy="7.5" r="2.25"/><circle cx="9.5" cy="16.5" r="2.25"/>`
	case "download":
		return `<path d="M12 4.5v10M7.5 10.5l4.5 4.5 4.5-4.5"/><path d="M5 19.5h14"/>`
	case "edit":
		return `<path d="m5 19 .8-3.8L15.5 5.5l3 3-9.7 9.7z"/><path d="m13.5 7.5 3 3"/>`
	case "page":
		return `<path d="M7 3.5h7l4 4v13H7z"/><path d="M14 3.5v4h4"/><path d="M10 12h5M10 15.5h5"/>`
	case "key":
		return `<circle cx="8" cy="15.5" r="3.75"/><path d="m10.7 12.8 8.3-8.3"/><path d="m15.5 8 2.7 2.7"/>`
	case "usb":
		return `<rect x="8" y="9.5" width="8" height="11" rx="2.5"/><path d="M9.5 9.5V4.5h5v5"/><path d="M11.5 7h.01M12.8 7h.01"/><circle cx="12" cy="15" r="1.75"/>`
	case "list":
		return `<rect x="5" y="4" width="14" height="16.5" rx="2"/><path d="M8.5 9h7M8.5 12.5h7M8.5 16h4"/>`
	case "print":
		return `<path d="M7.5 8.5v-4h9v4"/><rect x="4.5" y="8.5" width="15" height="8" rx="2"/><path d="M7.5 14h9v6h-9z"/>`
	case "lock":
		return `<rect x="5.5" y="10.5" width="13" height="9.5" rx="2"/><path d="M8.5 10.5V8a3.5 3.5 0 0 1 7 0v2.5"/>`
	case "unlock":
		return `<rect x="5.5" y="10.5" width="13" height="9.5" rx="2"/><path d="M8.5 10.5V8a3.5 3.5 0 0 1 6.8-1.2"/>`
	case "search":
		return `<circle cx="10.5" cy="10.5" r="6"/><path d="m15 15 5 5"/>`
	case "check":
		return `<path d="m5 12.5 4.5 4.5L19 7.5"/>`
	case "check-circle":
		return `<circle cx="12" cy="12" r="8"/><path d="m8.5 12.2 2.5 2.5 4.5-5"/>`
	case "warning":
		return `<path d="M12 4.5 3.5 19.5h17z"/><path d="M12 10v4.5"/><path d="M12 17h.01"/>`
	case "info":
		return `<circle cx="12" cy="12" r="8"/><path d="M12 11.5V16"/><path d="M12 8.2h.01"/>`
	case "ban":
		return `<circle cx="12" cy="12" r="8"/><path d="m6.5 6.5 11 11"/>`
	case "close":
		return `<path d="m6.5 6.5 11 11M17.5 6.5l-11 11"/>`
	case "plus":
		return `<path d="M12 5.5v13M5.5 12h13"/>`
	case "mail":
		return `<rect x="4" y="6" width="16" height="12.5" rx="2"/><path d="m4.5 8 7.5 5.5L19.5 8"/>`
	case "mail-off":
		return `<rect x="4" y="6" width="16" height="12.5" rx="2"/><path d="m4.5 8 7.5 5.5L19.5 8"/><path d="m3.5 20.5 17-17"/>`
	case "trash":
		return `<path d="M5 7h14"/><path d="M9.5 7V4.5h5V7"/><path d="m6.5 7 1 12.5h9l1-12.5"/><path d="M10.5 11v5M13.5 11v5"/>`
	case "down":
		return `<path d="m7 10 5 5 5-5"/>`
	case "up":
		return `<path d="m7 14 5-5 5 5"/>`
	case "sort":
		return `<path d="m8.5 10 3.5-4 3.5 4M8.5 14l3.5 4 3.5-4"/>`
	case "left":
		return `<path d="m14 7-5 5 5 5"/>`
	case "right":
		return `<path d="m10 7 5 5-5 5"/>`
	case "menu":
		return `<path d="M4.5 7h15M4.5 12h15M4.5 17h15"/>`
	case "out":
		return `<path d="M13 5H6v14h7"/><path d="M10.5 12H20M16.5 8.5 20 12l-3.5 3.5"/>`
	case "help":
		return `<circle cx="12" cy="12" r="8"/><path d="M9.7 9.8c.2-1.3 1.1-2.1 2.4-2.1 1.4 0 2.3.8 2.3 2 0 1.8-2.4 1.8-2.4 3.7"/><path d="M12 16.3h.01"/>`
	case "copy":
		return `<rect x="8.5" y="8.5" width="11" height="11" rx="2"/><path d="M15.5 8.5V6.5a2 2 0 0 0-2-2h-7a2 2 0 0 0-2 2v7a2 2 0 0 0 2 2h2"/>`
	case "phone":
		return `<rect x="7" y="3.5" width="10" height="17" rx="2"/><path d="M10.5 17.5h3"/>`
	case "globe":
		return `<circle cx="12" cy="12" r="8"/><path d="M4 12h16M12 4c2.7 2.2 4 4.9 4 8s-1.3 5.8-4 8c-2.7-2.2-4-4.9-4-8s1.3-5.8 4-8z"/>`
	case "sun":
		return `<circle cx="12" cy="12" r="3.75"/><path d="M12 3.5v2M12 18.5v2M3.5 12h2M18.5 12h2M6 6l1.4 1.4M16.6 16.6 18 18M6 18l1.4-1.4M16.6 7.4 18 6"/>`
	case "moon":
		return `<path d="M19.5 14A8 8 0 0 1 10 4.5a8 8 0 1 0 9.5 9.5z"/>`
	case "device":
		return `<rect x="4" y="5" width="16" height="11" rx="2"/><path d="M9 19.5h6"/>`
	case "link":
		return `<path d="m10 14 4-4"/><path d="m8.5 11.5-2.3 2.3a3.2 3.2 0 0 0 4.5 4.5l2.3-2.3M15.5 12.5l2.3-2.3a3.2 3.2 0 0 0-4.5-4.5L11 8"/>`
	case "policies":
		return `<path d="M7 3.5h7l4 4v13H7z"/><path d="M14 3.5v4h4"/><path d="m9.5 14 2 2 3.5-4"/>`
	case "matrix":
		return `<rect x="4" y="4.5" width="16" height="15" rx="2"/><path d="M4 9.5h16M4 14.5h16M9.3 4.5v15M14.7 4.5v15"/>`
	case "box":
		return `<path d="m12 3.5 7.5 4v9l-7.5 4-7.5-4v-9z"/><path d="m4.5 7.5 7.5 4 7.5-4M12 11.5v9"/>`
	case "columns":
		return `<rect x="4" y="5" width="16" height="14" rx="2"/><path d="M9.3 5v14M14.7 5v14"/>`
	}
	return ""
}

// icon is a drawing beside a word; the word says it all to those who do not see it.
func icon(name string) (template.HTML, error) {
	lines := drawings(name)
	if lines == "" {
		return "", fmt.Errorf("no icon %q", name)
	}
	return template.HTML(`<svg class="cs-icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false">` + lines + `</svg>`), nil
}
