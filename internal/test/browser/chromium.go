package browser

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"sync"

	"github.com/chromedp/chromedp"

	"countersign/internal/test/afterwards"
)

// Program is the path of the Chromium that is installed; "" without one. Nothing is ever downloaded.
func Program() string {
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	return ""
}

// shared is the Chromium of this process. It dies with the process, and its folder is removed then.
var shared = sync.OnceValues(func() (context.Context, error) {
	folder, err := os.MkdirTemp("", "countersign-chromium-")
	if err != nil {
		return nil, err
	}
	allocator, _ := chromedp.NewExecAllocator(context.Background(),
		chromedp.ExecPath(Program()),
		chromedp.UserDataDir(folder),
		chromedp.NoFirstRun,
		chromedp.NoDefaultBrowserCheck,
		chromedp.Headless,
		chromedp.DisableGPU,
		chromedp.NoSandbox, // the sandbox refuses root, and tests show it our own pages only
		chromedp.Flag("disable-background-networking", true),
		chromedp.Flag("disable-component-update", true),
		chromedp.Flag("disable-sync", true),
		chromedp.Flag("disable-default-apps", true),
		chromedp.Flag("disable-extensions", true),
		chromedp.Flag("disable-dev-shm-usage", true),
		chromedp.Flag("disable-renderer-backgrounding", true),
		chromedp.Flag("disable-background-timer-throttling", true),
		chromedp.Flag("disable-backgrounding-occluded-windows", true),
		chromedp.Flag("metrics-recording-only", true),
		chromedp.Flag("password-store", "basic"),
		chromedp.Flag("force-color-profile", "srgb"),
		chromedp.Flag("lang", "en-GB"),
		// A page that comes back out of memory is one that chromedp no longer knows.
		chromedp.Flag("disable-features", "BackForwardCache"),
		// A page that asks for anything but this machine gets an error, on the console too.
		chromedp.Flag("no-proxy-server", true),
		chromedp.Flag("host-resolver-rules", "MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1"),
	)
	ctx, _ := chromedp.NewContext(allocator)
	if err := chromedp.Do(ctx); err != nil {
		os.RemoveAll(folder)
		return nil, fmt.Errorf("start Chromium: %w", err)
	}
	process := chromedp.FromContext(ctx).Browser.Process()
	return ctx, afterwards.Remove(process.Pid, folder)
})
