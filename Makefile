# make build   the program, static, in bin/
# make test    every test, on both databases
# make soak    the long proofs, whole
# make bench   speed, as ratios
# make lint    vet, staticcheck, govulncheck
# make fmt     format the source

STATICCHECK = honnef.co/go/tools/cmd/staticcheck@v0.8.2
GOVULNCHECK = golang.org/x/vuln/cmd/govulncheck@v1.9.0
VERSION    ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)

export CGO_ENABLED = 0

.PHONY: build test soak bench lint fmt check-fmt

build:
	go build -trimpath -ldflags "-s -w -X main.release=$(VERSION)" -o bin/misimportd ./cmd/misimportd

test:
	.ci/with-tools .ci/with-postgres go test -timeout 10m ./...

soak:
	MISIMPORTD_SOAK=1 .ci/with-postgres go test -timeout 4h -v -run 'Random|R31|R32|AnotherProgram|NotGrow' ./importer ./cmd/...
	go test -run '^$$' -fuzz FuzzDecode -fuzztime 5m ./mis/isams
	go test -run '^$$' -fuzz FuzzMerge -fuzztime 5m ./mis/isams

bench:
	POSTGRES_OPTIONS="-c shared_buffers=256MB" .ci/with-postgres go test -timeout 1h -run '^$$' -bench . -benchtime 3x ./mis/isams ./importer

lint:
	go vet ./...
	go run $(STATICCHECK) -checks all,-ST1000,-ST1003 ./...
	@GOBIN=$(CURDIR)/.cache/bin go install $(GOVULNCHECK)
	@.cache/bin/govulncheck ./... || { \
	  test $$? -eq 3 && exit 3; \
	  echo "govulncheck: the vulnerability database cannot be reached; not checked"; }

fmt:
	gofmt -w $$(git ls-files '*.go')

check-fmt:
	@test -z "$$(gofmt -l $$(git ls-files '*.go'))" || { echo "not formatted; run make fmt:"; gofmt -l $$(git ls-files '*.go'); exit 1; }
