# merlon: `make demo` shows what a scan looks like, `make test` runs everything.

GO       ?= go
LDFLAGS  := -s -w
MAXSIZE  := 80000000
FUZZTIME ?= 10s

.PHONY: build demo test check fuzz generate demo-data bench clean compare-iam

build:
	$(GO) build -trimpath -ldflags '$(LDFLAGS)' -o bin/merlon ./cmd/merlon

demo: build
	bin/merlon demo

# The last step is go test, so that its lines close the run.
test: check fuzz moto
	$(GO) test -race -timeout 60m ./...

check: build
	@test -z "$$(gofmt -l $$(git ls-files '*.go'))" || { echo 'gofmt would change:'; gofmt -l $$(git ls-files '*.go'); exit 1; }
	$(GO) vet ./...
	$(GO) tool staticcheck ./...
	@size=$$(wc -c < bin/merlon); echo "bin/merlon: $$size bytes"; test $$size -lt $(MAXSIZE) || { echo 'the binary is larger than $(MAXSIZE) bytes: see docs/design/decisions.md, "Binary size"'; exit 1; }

# Every fuzz target for $(FUZZTIME), two at a time. go test -fuzz takes one target a
# run. What earlier runs found is dropped: trying it again would take the time.
fuzz:
	$(GO) clean -fuzzcache
	@git ls-files -co --exclude-standard '*_test.go' | xargs grep -oE '^func Fuzz\w+' | sed 's/_test.go:func /_test.go /' | sort \
	  | xargs -P 2 -n 2 sh internal/fuzz.sh $(GO) $(FUZZTIME)

# The measures of docs/benchmarks.md, one after the other; about half an hour.
bench: build moto
	sh bench/account.sh
	sh bench/organization.sh
	$(GO) test -run '^$$' -bench BenchmarkRun -benchtime 1x ./posture

# merlon's IAM evaluator against another; needs node and npm.
compare-iam:
	sh internal/iamcompare/run.sh

# The organization of `merlon demo`, made anew: in moto, recorded, finished.
demo-data: build moto
	sh demo/make.sh

.PHONY: moto
moto:
	@sh internal/awstest/moto.sh

clean:
	rm -rf bin .cache
