// The Go team's own code (golang.org/x/mod/sumdb, behind sum.golang.org) judges what our ledger makes.
//
//	tlogverify notes FILE VKEY...   a verdict for each note: ok, loose or bad
//	tlogverify proofs FILE          a verdict for each proof: 1 or 0
//	tlogverify tiles FOLDER SIZE    the root, and for each leaf on standard input its proof, made from our tiles
//
// loose: note.Open accepts it, but a signature's base64 is not its one canonical spelling, or a key signs twice, or
// it is longer than a million bytes.
package main

import (
	"bufio"
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

func main() {
	out := bufio.NewWriter(os.Stdout)
	defer out.Flush()
	switch os.Args[1] {
	case "notes":
		notes(out, os.Args[2], os.Args[3:])
	case "proofs":
		proofs(out, os.Args[2])
	case "tiles":
		tiles(out, os.Args[2], os.Args[3])
	default:
		panic("no such command")
	}
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}

// witness verifies cosignatures of type 0x04, which this version of note doesn't know.
type witness struct {
	name string
	hash uint32
	key  ed25519.PublicKey
}

func (w witness) Name() string    { return w.name }
func (w witness) KeyHash() uint32 { return w.hash }
func (w witness) Verify(msg, sig []byte) bool {
	if len(sig) != 72 || binary.BigEndian.Uint64(sig) > math.MaxInt64 {
		return false
	}
	head := fmt.Sprintf("cosignature/v1\ntime %d\n", binary.BigEndian.Uint64(sig))
	return ed25519.Verify(w.key, append([]byte(head), msg...), sig[8:])
}

func verifier(vkey string) note.Verifier {
	parts := strings.SplitN(vkey, "+", 3)
	raw, err := base64.StdEncoding.DecodeString(parts[2])
	must(err)
	if raw[0] == 1 {
		v, err := note.NewVerifier(vkey)
		must(err)
		return v
	}
	sum := sha256.Sum256(append([]byte(parts[0]+"\n"), raw...))
	return witness{parts[0], binary.BigEndian.Uint32(sum[:]), raw[1:]}
}

func notes(out io.Writer, file string, vkeys []string) {
	var known []note.Verifier
	for _, vkey := range vkeys {
		known = append(known, verifier(vkey))
	}
	data, err := os.ReadFile(file)
	must(err)
	for len(data) > 0 {
		end := 4 + binary.BigEndian.Uint32(data)
		fmt.Fprintln(out, verdict(data[4:end], note.VerifierList(known...)))
		data = data[end:]
	}
}

func verdict(data []byte, known note.Verifiers) string {
	if _, err := note.Open(data, known); err != nil {
		return "bad"
	}
	if len(data) > 1000000 {
		return "loose"
	}
	seen := map[string]bool{}
	lines := data[bytes.LastIndex(data, []byte("\n\n"))+2 : len(data)-1]
	for _, line := range strings.Split(string(lines), "\n") {
		words := strings.SplitN(line, " ", 3)
		raw, err := base64.StdEncoding.DecodeString(words[2])
		must(err)
		key := words[1] + string(raw[:4])
		if seen[key] || base64.StdEncoding.EncodeToString(raw) != words[2] {
			return "loose"
		}
		seen[key] = true
	}
	return "ok"
}

// proofs reads records: a kind (0 inclusion, 1 consistency), a place or older size, a size, a count, and hashes:
// the leaf's or the older root, the root, and the proof.
func proofs(out io.Writer, file string) {
	opened, err := os.Open(file)
	must(err)
	in := bufio.NewReaderSize(opened, 1<<20)
	var head struct {
		Kind, Count uint8
		Low, High   int64
	}
	for {
		if err := binary.Read(in, binary.BigEndian, &head); errors.Is(err, io.EOF) {
			return
		} else {
			must(err)
		}
		hashes := make([]tlog.Hash, 2+int(head.Count))
		must(binary.Read(in, binary.BigEndian, &hashes))
		if head.Kind == 0 {
			err = tlog.CheckRecord(hashes[2:], head.High, hashes[1], head.Low, hashes[0])
		} else {
			err = tlog.CheckTree(hashes[2:], head.High, hashes[1], head.Low, hashes[0])
		}
		if err == nil {
			fmt.Fprintln(out, 1)
		} else {
			fmt.Fprintln(out, 0)
		}
	}
}

// folder reads our tiles; Go's own paths name the height too, C2SP's don't.
type folder string

func (f folder) Height() int                     { return 8 }
func (f folder) SaveTiles([]tlog.Tile, [][]byte) {}
func (f folder) ReadTiles(wanted []tlog.Tile) ([][]byte, error) {
	var found [][]byte
	for _, tile := range wanted {
		path := strings.Replace(tile.Path(), "tile/8/", "tile/", 1)
		data, err := os.ReadFile(filepath.Join(string(f), path))
		if err != nil {
			return nil, err
		}
		found = append(found, data)
	}
	return found, nil
}

func tiles(out io.Writer, path, sizeText string) {
	size, err := strconv.ParseInt(sizeText, 10, 64)
	must(err)
	root, err := os.ReadFile(filepath.Join(path, "root"))
	must(err)
	var tree tlog.Tree
	tree.N = size
	copy(tree.Hash[:], root)
	reader := tlog.TileHashReader(tree, folder(path))
	made, err := tlog.TreeHash(size, reader)
	must(err)
	fmt.Fprintln(out, made)
	in := bufio.NewScanner(os.Stdin)
	for in.Scan() {
		index, err := strconv.ParseInt(in.Text(), 10, 64)
		must(err)
		proof, err := tlog.ProveRecord(size, index, reader)
		must(err)
		fmt.Fprintln(out, proof)
	}
}
