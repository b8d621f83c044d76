package isams

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"strings"

	"golang.org/x/net/html/charset"
	"golang.org/x/text/encoding/unicode"
)

// What a document may ask of memory. Real documents stay far below each.
const (
	maxTokenBytes  = 1 << 20 // one text, tag, comment or declaration
	maxRecordBytes = 1 << 20 // one pupil, one set …
	maxDepth       = 64      // elements within elements
)

var errTokenTooLong = errors.New("token too long")

// input feeds an XML decoder with UTF-8, byte by byte, and refuses to feed one
// token without end: encoding/xml holds a token whole in memory.
type input struct {
	r         io.Reader
	buffer    []byte
	next, end int   // what of the buffer is to be fed
	before    int64 // bytes fed before the buffer's first
	token     int64 // where the token at hand began
}

func newInput(r io.Reader) *input { return &input{r: r, buffer: make([]byte, 1<<16)} }

func (in *input) ReadByte() (byte, error) {
	if in.next == in.end {
		if err := in.fill(); err != nil {
			return 0, err
		}
	}
	b := in.buffer[in.next]
	in.next++
	return b, nil
}

// Read is for decoders of other encodings, which take many bytes at once.
func (in *input) Read(p []byte) (int, error) {
	if in.next == in.end {
		if err := in.fill(); err != nil {
			return 0, err
		}
	}
	n := copy(p, in.buffer[in.next:in.end])
	in.next += n
	return n, nil
}

func (in *input) fill() error {
	in.before += int64(in.end)
	in.next, in.end = 0, 0
	if in.before-in.token > maxTokenBytes {
		return errTokenTooLong
	}
	for in.end == 0 {
		n, err := in.r.Read(in.buffer)
		if in.end = n; n == 0 && err != nil {
			return err
		}
	}
	return nil
}

func (in *input) tokenDone() { in.token = in.before + int64(in.next) }

var (
	bomUTF8    = []byte{0xEF, 0xBB, 0xBF}
	bomUTF16BE = []byte{0xFE, 0xFF}
	bomUTF16LE = []byte{0xFF, 0xFE}
	magicGzip  = []byte{0x1F, 0x8B}
	magicZip   = []byte("PK\x03\x04")
	magicZstd  = []byte{0x28, 0xB5, 0x2F, 0xFD}
)

// open looks at the first bytes of r and returns its text as UTF-8, where they
// tell the encoding, and whether they do: then what the document declares of
// itself is not to be believed.
func open(r io.Reader) (in *input, known bool, err error) {
	buffered := bufio.NewReader(r)
	head, err := buffered.Peek(4)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, false, err
	}
	switch {
	case len(head) == 0:
		return nil, false, &DocumentError{Found: "an empty file", Hint: "fetch the document again", Retry: true}
	case bytes.HasPrefix(head, magicGzip), bytes.HasPrefix(head, magicZip), bytes.HasPrefix(head, magicZstd):
		return nil, false, &DocumentError{Found: "a compressed file", Hint: "unpack it first"}
	case bytes.HasPrefix(head, bomUTF8):
		_, err = buffered.Discard(len(bomUTF8))
		return newInput(buffered), true, err
	case bytes.HasPrefix(head, bomUTF16BE), bytes.HasPrefix(head, bomUTF16LE):
		utf8 := unicode.UTF16(unicode.LittleEndian, unicode.ExpectBOM).NewDecoder().Reader(buffered)
		return newInput(utf8), true, nil
	}
	return newInput(buffered), false, nil
}

// declaredEncoding honours the encoding that a document declares, except where its
// bytes showed otherwise: iSAMS declares utf-16 over bytes that are UTF-8, and a
// declaration that can be read byte by byte is proof that they are.
func declaredEncoding(known bool) func(string, io.Reader) (io.Reader, error) {
	return func(label string, r io.Reader) (io.Reader, error) {
		if known || strings.HasPrefix(strings.ToLower(label), "utf-16") {
			return r, nil
		}
		return charset.NewReaderLabel(label, r)
	}
}
