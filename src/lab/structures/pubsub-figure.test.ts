import { expect, test } from 'vitest'
import { record } from '../../engine/inspect/recorder.ts'
import { bench } from '../../engine/server/rig.ts'
import { hubsOf, type PubsubData, subscribersOf } from './pubsub-figure.ts'

const resp = (...argv: string[]): string => `*${argv.length}\r\n${argv.map((a) => `$${a.length}\r\n${a}\r\n`).join('')}`

test('V27: a message goes through its channel and each pattern, and one without a listener is a hub of its own', () => {
  const b = bench(['--notify-keyspace-events', 'KEA'])
  record(b.server)
  const [a, c, p] = [b.connect(), b.connect(), b.connect()]
  a(resp('CLIENT', 'SETNAME', 'ann'))
  a(resp('SUBSCRIBE', 'news'))
  c(resp('PSUBSCRIBE', 'n*', '__key*__:x'))
  p(resp('PUBLISH', 'news', 'hi'))
  p(resp('PUBLISH', 'void', 'hi'))
  p(resp('SET', 'x', '1'))
  const d = b.server.view('pubsub', []) as PubsubData
  expect(hubsOf(d, false).map((h) => [h.kind, h.name, h.recent.map((m) => m.receivers)])).toEqual([
    ['channel', 'news', [2]],
    ['pattern', 'n*', [2]],
    ['pattern', '__key*__:x', [1]],
    ['nobody', 'void', [0]],
    ['nobody', '__keyevent@0__:set', [0]],
  ])
  expect(subscribersOf(d).map((s) => [s.name, s.channels])).toEqual([
    ['ann', ['news']],
    ['', ['n*', '__key*__:x']],
  ])
})

test('V27: a subscriber that does not read is closed at its limit, and the view says so', () => {
  const b = bench(['--client-output-buffer-limit', 'pubsub 100kb 50kb 5'])
  record(b.server)
  const [slow, p] = [b.connect(), b.connect()]
  slow(resp('SUBSCRIBE', 'news'))
  b.input({ type: 'sent', conn: slow.conn, pendingBytes: 60_000 })
  p(resp('PUBLISH', 'news', 'x'.repeat(1000)))
  const owed = subscribersOf(b.server.view('pubsub', []) as PubsubData)[0]
  expect(owed?.owed).toBeGreaterThanOrEqual(60_000)
  b.input({ type: 'sent', conn: slow.conn, pendingBytes: 200_000 })
  p(resp('PUBLISH', 'news', 'x'.repeat(1000)))
  b.wait(10)
  const d = b.server.view('pubsub', []) as PubsubData
  expect(d.dropped).toHaveLength(1)
  expect(subscribersOf(d)).toHaveLength(0)
})
