package storage

import (
	"bytes"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/binary"
	"io"
	"unicode/utf8"

	"golang.org/x/crypto/chacha20"
)

// age seals every 64 KiB block with a tag of 16 bytes, the last block may be shorter.
const (
	ageBlock = 64<<10 + ageTag
	ageTag   = 16
	ageNonce = 16
)

// ageTail watches the encrypted bytes go by and keeps enough of their end to say, when the last block does not
// authenticate, whether it was cut or changed. To age both look the same; to a person a half-finished download and a
// forged backup are different things.
//
// It decrypts the last block without authentication, looks whether the document's known end is in it, and tells nobody
// what it saw.
type ageTail struct {
	src    io.Reader
	header int64  // bytes before the nonce
	key    []byte // of the file
	gzip   bool   // the document is packed; known after the first block

	n     int64
	eof   bool
	nonce []byte // of the payload
	kept  []byte // last bytes read
}

func (t *ageTail) Read(p []byte) (int, error) {
	n, err := t.src.Read(p)
	if at := t.header - t.n; at < int64(n) && len(t.nonce) < ageNonce {
		fresh := p[max(at, 0):n]
		t.nonce = append(t.nonce, fresh[:min(len(fresh), ageNonce-len(t.nonce))]...)
	}
	t.n += int64(n)
	t.kept = append(t.kept, p[:n]...)
	if len(t.kept) > 4*ageBlock {
		t.kept = append(t.kept[:0], t.kept[len(t.kept)-2*ageBlock:]...)
	}
	t.eof = t.eof || err == io.EOF
	return n, err
}

// verdict explains a block that did not authenticate after plain bytes were given out.
func (t *ageTail) verdict(plain int64) error {
	payload := t.n - t.header - ageNonce
	index := plain / (ageBlock - ageTag)
	last := payload - index*ageBlock
	if !t.eof || last > ageBlock || last > int64(len(t.kept)) {
		return damaged("an encrypted block was changed")
	}
	block := t.kept[int64(len(t.kept))-last:]
	if len(block) < ageTag {
		return cut("the encrypted file ends too early")
	}
	inner, err := t.peek(block, index, 0)
	if err == nil && (isJSON(inner) || index == 0 && gzipStart(inner)) {
		return cut("the encrypted file ends too early") // the beginning of a block that was not the last
	}
	text, err := t.peek(block, index, 1)
	if err != nil {
		return damaged("an encrypted block was changed")
	}
	end := sealEnd(text)
	if end < 0 && !t.gzip && (index > 0 || !gzipStart(text)) {
		end = plainEnd(text)
	}
	switch {
	case end < 0, end > len(text)-ageTag: // the tag itself may be cut
		return cut("the encrypted file ends too early")
	case end == len(text)-ageTag:
		return damaged("an encrypted block was changed")
	}
	return damaged("something follows the end of the encrypted file")
}

// peek decrypts a block, tag included, without authentication. last is age's mark of the last block.
func (t *ageTail) peek(block []byte, index int64, last byte) ([]byte, error) {
	key, err := hkdf.Key(sha256.New, t.key, t.nonce, "payload", chacha20.KeySize)
	if err != nil {
		return nil, err
	}
	nonce := make([]byte, chacha20.NonceSize)
	binary.BigEndian.PutUint64(nonce[3:11], uint64(index))
	nonce[11] = last
	c, err := chacha20.NewUnauthenticatedCipher(key, nonce)
	if err != nil {
		return nil, err
	}
	c.SetCounter(1)
	text := make([]byte, len(block))
	c.XORKeyStream(text, block)
	return text, nil
}

// sealEnd finds the end of a seal member in a block whose last bytes are a garbled tag. A few changed bytes do not hide
// it. -1 when there is none.
func sealEnd(text []byte) int {
	for end := len(text); end >= sealSize; end-- {
		if likeSeal(text[end-sealSize : end]) {
			return end
		}
	}
	return -1
}

// plainEnd finds the end of a JSON document: "}" and a line end, and no text behind it. In a file that was cut all is
// text, in any other the tag is none.
func plainEnd(text []byte) int {
	end := bytes.LastIndex(text, []byte("}\n")) + 2
	tag := len(text) - ageTag
	if end < 2 {
		end = 0
	}
	if isJSON(text[end:]) {
		return -1
	}
	if between := tag - end; between >= 2 && (text[tag-2] == '}' || text[tag-1] == '\n') {
		return tag // one of the last two bytes is the changed one
	}
	if end == 0 {
		return -1
	}
	return end
}

// isJSON tells text from the garble that a wrong decryption gives.
func isJSON(b []byte) bool {
	for _, c := range b {
		if c < ' ' && c != '\n' {
			return false
		}
	}
	// a letter at the end may be cut
	for cut := range min(utf8.UTFMax, len(b)+1) {
		if utf8.Valid(b[:len(b)-cut]) {
			return true
		}
	}
	return false
}

// likeSeal compares the parts of a seal member that never differ, forgiving four bytes.
func likeSeal(b []byte) bool {
	wrong := 0
	for i := range len(sealHead) {
		if b[i] != sealHead[i] {
			wrong++
		}
	}
	for i := range len(sealTail) {
		if b[sealSize-len(sealTail)+i] != sealTail[i] {
			wrong++
		}
	}
	return wrong <= 4
}
