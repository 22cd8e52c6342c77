package api

import (
	"encoding/json"
	"testing"

	jsonv2 "github.com/go-json-experiment/json"
)

const sample = `{"subject":{"type":"user","id":"usr_355c06m61fbe6bnepsk8mvrwym"},"action":{"name":"view"},` +
	`"resource":{"type":"transactions","id":"txn_1","properties":{"entity":"SHOP-42","amount":12550,"currency":"CHF","state":"open"}},"context":{"ip":"192.0.2.7"}}`

// sampled is what a general decoder reads a question into.
type sampled struct {
	Subject  struct{ Type, ID string }
	Action   struct{ Name string }
	Resource struct {
		Type, ID   string
		Properties struct {
			Entity, Location, Owner, State, Currency string
			Amount                                   int64
		}
	}
	Context struct{ IP, Session string }
}

// BenchmarkDecode compares ways to read a question. encoding/json takes names
// that stand twice and bytes that are no UTF-8; the other two do not.
func BenchmarkDecode(b *testing.B) {
	text := []byte(sample)
	b.Run("ours", func(b *testing.B) {
		var r decoder
		b.ReportAllocs()
		for b.Loop() {
			if err := r.decode(string(text), oneEvaluation); err != nil || r.whole.entity != "SHOP-42" {
				b.Fatal(err)
			}
		}
	})
	b.Run("encoding-json", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			var x sampled
			if err := json.Unmarshal(text, &x); err != nil || x.Resource.Properties.Entity != "SHOP-42" {
				b.Fatal(err)
			}
		}
	})
	b.Run("json-experiment", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			var x sampled
			if err := jsonv2.Unmarshal(text, &x, jsonv2.MatchCaseInsensitiveNames(true)); err != nil || x.Resource.Properties.Entity != "SHOP-42" {
				b.Fatal(err)
			}
		}
	})
}
