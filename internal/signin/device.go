package signin

import (
	"strings"

	"github.com/mileusna/useragent"
)

// Device is what a browser says of itself, as people know it. It is their word: a
// browser may say anything, so only names that are known here are told.
type Device struct {
	Browser string // "Firefox"; "" when it is none that is known
	System  string // "Windows"; "" likewise
	Mobile  bool   // a phone or tablet
}

// The names that are told.
var (
	browsers = map[string]string{
		useragent.Chrome: "Chrome", useragent.HeadlessChrome: "Chrome", useragent.Firefox: "Firefox", useragent.Safari: "Safari", useragent.MobileSafari: "Safari",
		useragent.Edge: "Edge", useragent.Opera: "Opera", useragent.OperaMini: "Opera Mini", useragent.OperaTouch: "Opera", useragent.Vivaldi: "Vivaldi",
		useragent.SamsungBrowser: "Samsung Internet", useragent.InternetExplorer: "Internet Explorer", "Android browser": "Android Browser",
		"Huawei Browser": "Huawei Browser", "Miui Browser": "Mi Browser", "curl": "curl",
	}
	systems = map[string]string{
		useragent.Windows: "Windows", useragent.MacOS: "macOS", useragent.IOS: "iOS", useragent.Android: "Android", useragent.Linux: "Linux",
		useragent.ChromeOS: "ChromeOS", useragent.FreeBSD: "FreeBSD", useragent.Harmony: "HarmonyOS",
	}
)

// DeviceOf reads what a browser says of itself.
func DeviceOf(agent string) Device {
	ua := useragent.Parse(cutAgent(strings.ToValidUTF8(agent, "")))
	return Device{browsers[ua.Name], systems[ua.OS], ua.Mobile || ua.Tablet}
}

// Device is the one that a session is on.
func (s Session) Device() Device { return DeviceOf(s.UserAgent) }

// String is both names, as far as they are known: "Firefox, Windows".
func (d Device) String() string {
	switch {
	case d.Browser == "":
		return d.System
	case d.System == "":
		return d.Browser
	}
	return d.Browser + ", " + d.System
}
