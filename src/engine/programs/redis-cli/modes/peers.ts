/**
 * The connections of a mode that talks with several servers. It talks with one at a time and waits for the answer, as a
 * program with blocking sockets does; an answer that nobody waits for stays for the next question.
 */
import type { Bytes } from '../../../bytes/bytes.ts'
import { ReplyParser } from '../../../protocol/reply-parser.ts'
import type { Host, Link } from '../../../server/host.ts'
import { encodeCommands } from './encode.ts'
import type { StepResult } from './step.ts'

interface Peer {
  readonly link: Link
  readonly parser: ReplyParser
  /** Bytes are taken as they are. */
  raw: Bytes | null
  lost: boolean
}
/** What is waited for; the answer is null when the connection goes first. */
type Waiting = { readonly peer: Peer; readonly take: ((buffer: Bytes) => number) | null } | null

export class Peers {
  private readonly host: Host
  private readonly resume: (answer: StepResult) => void
  private readonly peers = new Map<number, Peer>()
  private waiting: Waiting = null

  constructor(host: Host, resume: (answer: StepResult) => void) {
    this.host = host
    this.resume = resume
  }

  dial(host: string, port: number): void {
    const link: Link = this.host.connect(host, port, {
      opened: () => this.resume({ ok: true, peer: link.conn }),
      refused: (error) => {
        this.peers.delete(link.conn)
        this.resume({ ok: false, error })
      },
      data: (bytes) => this.received(peer, bytes),
      closed: () => this.lost(peer),
    })
    const peer: Peer = { link, parser: new ReplyParser(), raw: null, lost: false }
    this.peers.set(link.conn, peer)
  }

  /** False when the answer is known already: the connection is gone. */
  talk(id: number, argv: readonly Bytes[]): boolean {
    const peer = this.peers.get(id)
    if (peer === undefined || peer.lost) return false
    this.waiting = { peer, take: null }
    peer.link.send(encodeCommands([argv]))
    return true
  }

  raw(id: number, send: Bytes, take: (buffer: Bytes) => number): { readonly value: Bytes | null } | null {
    const peer = this.peers.get(id)
    if (peer === undefined) return { value: null }
    peer.raw ??= ''
    peer.link.send(send)
    const bytes = this.taken(peer, take)
    if (bytes !== null || peer.lost) return { value: bytes }
    this.waiting = { peer, take }
    return null
  }

  hangUp(id: number): void {
    this.peers.get(id)?.link.close()
    this.peers.delete(id)
  }

  closeAll(): void {
    for (const id of [...this.peers.keys()]) this.hangUp(id)
  }

  private taken(peer: Peer, take: (buffer: Bytes) => number): Bytes | null {
    const buffer = peer.raw ?? ''
    const n = take(buffer)
    if (n === 0) return null
    peer.raw = buffer.slice(n)
    return buffer.slice(0, n)
  }

  private received(peer: Peer, bytes: Bytes): void {
    if (peer.raw !== null) peer.raw += bytes
    else peer.parser.feed(bytes)
    const w = this.waiting
    if (w === null || w.peer !== peer) return
    if (w.take !== null) {
      const taken = this.taken(peer, w.take)
      if (taken !== null) this.answer(taken)
      return
    }
    const reply = peer.parser.next()
    if (reply !== undefined) this.answer({ reply })
    else if (peer.parser.error !== null) {
      peer.link.close()
      this.lost(peer)
    }
  }

  private lost(peer: Peer): void {
    peer.lost = true
    if (this.waiting?.peer === peer) this.answer(null)
  }

  private answer(answer: StepResult): void {
    this.waiting = null
    this.resume(answer)
  }
}
