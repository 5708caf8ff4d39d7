// Command merlon keeps AWS accounts secure; `merlon --help` lists what it does.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"merlon.dev/merlon/internal/cli"
)

func main() {
	ignoreFileLimit()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := cli.Run(ctx, os.Args[1:], cli.System())
	stop()
	os.Exit(code)
}
