// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

// The centrifuge library between nodes, as Debian has it: its Redis broker with its defaults, and a client in memory that
// takes what it gets.
//
// usage:
//
//	centrifuge-bus publish HOST:PORT BYTES SECONDS [RATE]    as many publications as 256 callers make, or so many a second
//	centrifuge-bus receive HOST:PORT BYTES SECONDS           says "ready"; reports when its input ends
package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/centrifugal/centrifuge"
)

const callers = 256

// sink is a client's transport.
type sink struct {
	payload  []byte
	received int64
}

func (*sink) Name() string                       { return "sink" }
func (*sink) Protocol() centrifuge.ProtocolType  { return centrifuge.ProtocolTypeJSON }
func (*sink) Encoding() centrifuge.EncodingType  { return centrifuge.EncodingTypeJSON }
func (*sink) Close(*centrifuge.Disconnect) error { return nil }
func (s *sink) Write(data []byte) error {
	atomic.AddInt64(&s.received, int64(bytes.Count(data, s.payload)))
	return nil
}

func node(address string) *centrifuge.Node {
	node, err := centrifuge.New(centrifuge.DefaultConfig)
	if err != nil {
		log.Fatal(err)
	}
	shard, err := centrifuge.NewRedisShard(node, centrifuge.RedisShardConfig{Address: address})
	if err != nil {
		log.Fatal(err)
	}
	broker, err := centrifuge.NewRedisBroker(node, centrifuge.RedisBrokerConfig{Shards: []*centrifuge.RedisShard{shard}})
	if err != nil {
		log.Fatal(err)
	}
	node.SetBroker(broker)
	node.OnConnecting(func(context.Context, centrifuge.ConnectEvent) (centrifuge.ConnectReply, error) {
		return centrifuge.ConnectReply{
			Credentials:   &centrifuge.Credentials{UserID: "bench"},
			Subscriptions: map[string]centrifuge.SubscribeOptions{"bench": {}},
		}, nil
	})
	if err := node.Run(); err != nil {
		log.Fatal(err)
	}
	return node
}

func used() float64 {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		log.Fatal(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano()).Seconds()
}

func report(start time.Time, before float64, messages int64) {
	fmt.Printf("{\"seconds\":%f,\"processor_seconds\":%f,\"messages\":%d}\n", time.Since(start).Seconds(), used()-before, messages)
}

// pace lets so many publications through each second.
func pace(due chan<- struct{}, start time.Time, duration time.Duration, rate int) {
	sent := 0
	for now := time.Duration(0); now < duration; now = time.Since(start) {
		for ; sent < int(now.Seconds()*float64(rate)); sent++ {
			due <- struct{}{}
		}
		time.Sleep(time.Millisecond)
	}
	close(due)
}

func publish(address string, payload []byte, duration time.Duration, rate int) {
	node := node(address)
	start, before := time.Now(), used()
	var count int64
	var waiting sync.WaitGroup
	due := make(chan struct{}, callers)
	if rate > 0 {
		go pace(due, start, duration, rate)
	}
	more := func() bool {
		if rate == 0 {
			return time.Since(start) < duration
		}
		_, open := <-due
		return open
	}
	for i := 0; i < callers; i++ {
		waiting.Add(1)
		go func() {
			defer waiting.Done()
			for more() {
				if _, err := node.Publish("bench", payload); err != nil {
					log.Fatal(err)
				}
				atomic.AddInt64(&count, 1)
			}
		}()
	}
	waiting.Wait()
	report(start, before, count)
}

func receive(address string, payload []byte) {
	sink := &sink{payload: payload}
	client, _, err := centrifuge.NewClient(context.Background(), node(address), sink)
	if err != nil {
		log.Fatal(err)
	}
	if !client.Handle([]byte(`{"id":1,"params":{}}`)) {
		log.Fatal("no connection")
	}
	start, before := time.Now(), used()
	fmt.Println("ready")
	if _, err := io.Copy(io.Discard, os.Stdin); err != nil {
		log.Fatal(err)
	}
	report(start, before, atomic.LoadInt64(&sink.received))
}

func main() {
	if len(os.Args) < 5 || len(os.Args) > 6 {
		log.Fatal("usage: centrifuge-bus publish|receive HOST:PORT BYTES SECONDS [RATE]")
	}
	rate := 0
	if len(os.Args) == 6 {
		if _, err := fmt.Sscan(os.Args[5], &rate); err != nil || rate <= 0 {
			log.Fatal("no rate")
		}
	}
	size, err := strconv.Atoi(os.Args[3])
	if err != nil || size < 8 {
		log.Fatal("at least 8 bytes")
	}
	seconds, err := strconv.Atoi(os.Args[4])
	if err != nil {
		log.Fatal(err)
	}
	// JSON, as the protocol of the client is.
	payload := append(append([]byte{'"'}, bytes.Repeat([]byte{'x'}, size-2)...), '"')
	switch os.Args[1] {
	case "publish":
		publish(os.Args[2], payload, time.Duration(seconds)*time.Second, rate)
	case "receive":
		receive(os.Args[2], payload)
	default:
		log.Fatal("no such mode")
	}
}
