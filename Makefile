# make build      the program, static, in bin/: for a single school, and in bin/fleet/ for many
# make test       every test that any user can run, on both databases; four at a time of a package, for many wait
# make test-root  those that mount: for root, or with user namespaces
# make soak       the long proofs, whole
# make deb        the Debian package, the list of what is in the program, their checksums, in bin/
# make check-deb  builds it twice, and installs, upgrades, removes and purges it in a fresh Debian; for root
# make bench      speed, as ratios
# make lint       vet, staticcheck, govulncheck
# make check-fmt  is the source formatted, and no line longer than 120 columns
# make fmt        format the source

STATICCHECK = honnef.co/go/tools/cmd/staticcheck@v0.8.2
GOVULNCHECK = golang.org/x/vuln/cmd/govulncheck@v1.9.0
NFPM        = github.com/goreleaser/nfpm/v2/cmd/nfpm@v2.45.2
CYCLONEDX   = github.com/CycloneDX/cyclonedx-gomod/cmd/cyclonedx-gomod@v1.10.0
VERSION    ?= $(shell .ci/version)

export CGO_ENABLED = 0

# What is temporary has a folder of its own, which has to be empty in the end.
WITH = .ci/with-folder .ci/with-tools .ci/with-postgres

.PHONY: build deb check-deb test test-root soak bench lint fmt check-fmt

BUILD = go build -trimpath -buildvcs=auto -ldflags "-s -w -X main.release=$(VERSION)"

build:
	$(BUILD) -tags single -o bin/misimportd ./cmd/misimportd
	$(BUILD) -o bin/fleet/misimportd ./cmd/misimportd

deb: build
	@VERSION=$(VERSION) NFPM=$(NFPM) CYCLONEDX=$(CYCLONEDX) .ci/deb

check-deb:
	.ci/with-folder .ci/check-deb

test:
	$(WITH) go test -timeout 60m -parallel 4 ./...

test-root:
	$(WITH) go test -timeout 60m -tags needsroot ./cmd/misimportd/needsroot

soak:
	MISIMPORTD_SOAK=1 $(WITH) go test -timeout 6h -v -run 'Random|R31|R32|R38|AnotherProgram|NotGrow|ASummer|AChangeOfMIS|CleanNights|BadDocuments|HeldRun|GuardOver|TheClock|TurnsByItself|KeptOut|WorstNight|SameSecond|AWorkerIsStopped' ./importer/... ./cmd/...
	.ci/with-folder go test -run '^$$' -fuzz FuzzDecode -fuzztime 5m ./mis/isams
	.ci/with-folder go test -run '^$$' -fuzz FuzzMerge -fuzztime 5m ./mis/isams
	.ci/with-folder go test -run '^$$' -fuzz FuzzDumps -fuzztime 5m ./mis/isams

bench:
	POSTGRES_OPTIONS="-c shared_buffers=256MB" $(WITH) go test -timeout 1h -run '^$$' -bench . -benchtime 3x ./mis/isams ./importer ./importer/fleet

lint:
	go vet -tags needsroot ./...
	go run $(STATICCHECK) -tags needsroot -checks all,-ST1000,-ST1003 ./...
	@GOBIN=$(CURDIR)/.cache/bin go install $(GOVULNCHECK)
	@.cache/bin/govulncheck ./... || { \
	  test $$? -eq 3 && exit 3; \
	  echo "govulncheck: the vulnerability database cannot be reached; not checked"; }

fmt:
	gofmt -w $$(git ls-files '*.go')

check-fmt:
	@test -z "$$(gofmt -l $$(git ls-files '*.go'))" || { echo "not formatted; run make fmt:"; gofmt -l $$(git ls-files '*.go'); exit 1; }
	@! for file in $$(git ls-files '*.go'); do \
	  expand -t 4 $$file | LC_ALL=C.UTF-8 grep -nE '^.{121}' | sed "s|^|longer than 120 columns: $$file:|"; \
	done | grep .
