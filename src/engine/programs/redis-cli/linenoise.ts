/**
 * The line editor of redis-cli: what linenoise does with the keys of a terminal. Pure: keys in, terminal bytes out.
 *
 *   keys ──▶ feed ──▶ edits `buf`, `pos` ──▶ refresh: "\r" prompt line hint ESC[0K, cursor moved back
 *
 * The buffer holds bytes (UTF-8); the cursor moves by code points. Kept exactly: the key bindings of linenoise and its
 * hints. Added because people expect it: Ctrl-R searches the history, bracketed paste keeps pasted lines apart, lines
 * that wrap are redrawn whole. What arrives together (a paste) is drawn once, at its end: hold … flush.
 */
import type { Bytes } from '../../bytes/bytes.ts'

export interface LinenoiseOptions {
  readonly complete: (line: string) => readonly string[]
  readonly hint: (line: string) => string
}
export type LineEvent =
  | { readonly type: 'line'; readonly text: Bytes }
  | { readonly type: 'eof' }
  | { readonly type: 'interrupt' }

const ESC = '\x1b'
const HISTORY_MAX = 1000

export class Linenoise {
  columns = 80
  history: Bytes[] = []
  hintsEnabled = true
  active = false
  private prompt = ''
  private buf: Bytes = ''
  private pos = 0
  private historyIndex = 0
  private draft: Bytes = ''
  private rows = 1
  private escape = ''
  private pasting = false
  /** Depth of `hold`, and whether a redraw waits for `flush`. */
  private held = 0
  private dirty = false
  private completing: { readonly candidates: readonly string[]; index: number; readonly original: Bytes } | null = null
  private searching: { query: Bytes; index: number; readonly original: Bytes } | null = null
  private readonly options: LinenoiseOptions
  private readonly write: (bytes: Bytes) => void

  constructor(options: LinenoiseOptions, write: (bytes: Bytes) => void) {
    this.options = options
    this.write = write
  }

  /** Show the prompt and begin a new line. */
  begin(prompt: string): void {
    this.prompt = prompt
    this.buf = ''
    this.pos = 0
    this.rows = 1
    this.historyIndex = this.history.length
    this.draft = ''
    this.completing = null
    this.searching = null
    this.active = true
    this.refresh()
  }

  addHistory(line: Bytes): void {
    if (this.history.at(-1) === line) return
    this.history.push(line)
    if (this.history.length > HISTORY_MAX) this.history.shift()
  }

  clearScreen(): void {
    this.write(`${ESC}[H${ESC}[2J`)
  }

  /** From here to `flush`, edits change the line and the last of them draws it. */
  hold(): void {
    this.held++
  }
  flush(): void {
    this.held--
    // Half a UTF-8 sequence waits for its other half.
    if (this.held > 0 || !this.dirty || !this.active || !wholeUtf8(this.buf, this.pos)) return
    this.refresh()
  }

  /** One byte of input. An event ends the line; what follows belongs to the next. */
  feed(byte: Bytes): LineEvent | null {
    if (this.escape !== '' || byte === ESC) return this.feedEscape(byte)
    if (this.completing !== null && byte !== '\t') this.completing = null
    if (this.searching !== null) {
      const done = this.feedSearch(byte)
      if (done !== 'continue') return done
    }
    switch (byte) {
      case '\r':
      case '\n':
        return this.enter()
      case '\x03':
        this.finish()
        return { type: 'interrupt' }
      case '\x04':
        if (this.buf === '') {
          this.finish()
          return { type: 'eof' }
        }
        this.deleteForward()
        return null
      case '\t':
        this.complete()
        return null
      case '\x7f':
      case '\x08':
        this.backspace()
        return null
      case '\x12':
        this.searching = { query: '', index: this.history.length, original: this.buf }
        this.refresh()
        return null
      case '\x14':
        this.transpose()
        return null
      case '\x02':
        this.move(this.before(this.pos))
        return null
      case '\x06':
        this.move(this.after(this.pos))
        return null
      case '\x10':
        this.historyMove(-1)
        return null
      case '\x0e':
        this.historyMove(1)
        return null
      case '\x15':
        this.set('', 0)
        return null
      case '\x0b':
        this.set(this.buf.slice(0, this.pos), this.pos)
        return null
      case '\x01':
        this.move(0)
        return null
      case '\x05':
        this.move(this.buf.length)
        return null
      case '\x0c':
        this.clearScreen()
        this.rows = 1
        this.refresh()
        return null
      case '\x17':
        this.deleteWord()
        return null
      default:
        if (byte >= ' ') this.insert(byte)
        return null
    }
  }

  private enter(): LineEvent {
    const text = this.buf
    this.finish()
    return { type: 'line', text }
  }

  /** Leave the line on the screen without its hint. */
  private finish(): void {
    this.pos = this.buf.length
    this.draw(false)
    this.active = false
  }

  private feedEscape(byte: Bytes): LineEvent | null {
    this.escape += byte
    const e = this.escape
    if (e === ESC || e === `${ESC}[` || e === `${ESC}O`) return null
    if (e.startsWith(`${ESC}[`) && /^[0-9;]$/.test(byte)) return null
    this.escape = ''
    this.searching = null
    this.completing = null
    switch (e.slice(1)) {
      case '[A':
      case 'OA':
        this.historyMove(-1)
        break
      case '[B':
      case 'OB':
        this.historyMove(1)
        break
      case '[C':
      case 'OC':
        this.move(this.after(this.pos))
        break
      case '[D':
      case 'OD':
        this.move(this.before(this.pos))
        break
      case '[H':
      case 'OH':
      case '[1~':
        this.move(0)
        break
      case '[F':
      case 'OF':
      case '[4~':
        this.move(this.buf.length)
        break
      case '[3~':
        this.deleteForward()
        break
      case 'b':
      case '[1;5D':
      case '[1;3D':
        this.move(this.wordBefore())
        break
      case 'f':
      case '[1;5C':
      case '[1;3C':
        this.move(this.wordAfter())
        break
      case '[200~':
        this.pasting = true
        break
      case '[201~':
        this.pasting = false
        this.refresh()
        break
    }
    return null
  }

  private feedSearch(byte: Bytes): LineEvent | null | 'continue' {
    const s = this.searching
    if (s === null) return 'continue'
    if (byte === '\x12') this.searchFrom(s.index - 1)
    else if (byte === '\x7f' || byte === '\x08') {
      s.query = s.query.slice(0, -1)
      this.searchFrom(this.history.length - 1)
    } else if (byte === '\x03' || byte === '\x07') {
      this.searching = null
      this.set(s.original, s.original.length)
    } else if (byte >= ' ') {
      s.query += byte
      this.searchFrom(Math.min(s.index, this.history.length - 1))
    } else {
      this.searching = null
      this.refresh()
      return 'continue'
    }
    return null
  }
  private searchFrom(start: number): void {
    const s = this.searching
    if (s === null) return
    for (let i = start; i >= 0; i--) {
      const line = this.history[i]
      if (line === undefined || s.query === '' || !line.includes(s.query)) continue
      s.index = i
      this.buf = line
      this.pos = line.indexOf(s.query)
      break
    }
    this.refresh()
  }

  private insert(byte: Bytes): void {
    if (this.pos === this.buf.length) this.buf += byte
    else this.buf = this.buf.slice(0, this.pos) + byte + this.buf.slice(this.pos)
    this.pos++
    // Half a UTF-8 sequence is not drawn, nor is every byte of a paste.
    if (this.held > 0) this.dirty = true
    else if (!this.pasting && wholeUtf8(this.buf, this.pos)) this.refresh()
  }
  private set(buf: Bytes, pos: number): void {
    this.buf = buf
    this.pos = pos
    this.refresh()
  }
  private move(pos: number): void {
    if (pos === this.pos) return
    this.pos = pos
    this.refresh()
  }
  private before(pos: number): number {
    let p = pos - 1
    while (p > 0 && isContinuation(this.buf, p)) p--
    return Math.max(0, p)
  }
  private after(pos: number): number {
    let p = pos + 1
    while (p < this.buf.length && isContinuation(this.buf, p)) p++
    return Math.min(this.buf.length, p)
  }
  private backspace(): void {
    if (this.pos === 0) return
    const from = this.before(this.pos)
    this.set(this.buf.slice(0, from) + this.buf.slice(this.pos), from)
  }
  private deleteForward(): void {
    if (this.pos < this.buf.length)
      this.set(this.buf.slice(0, this.pos) + this.buf.slice(this.after(this.pos)), this.pos)
  }
  private deleteWord(): void {
    let from = this.pos
    while (from > 0 && this.buf[from - 1] === ' ') from--
    while (from > 0 && this.buf[from - 1] !== ' ') from--
    this.set(this.buf.slice(0, from) + this.buf.slice(this.pos), from)
  }
  private transpose(): void {
    if (this.pos === 0 || this.pos >= this.buf.length) return
    const a = this.buf[this.pos - 1] as string
    const b = this.buf[this.pos] as string
    const pos = this.pos === this.buf.length - 1 ? this.pos : this.pos + 1
    this.set(this.buf.slice(0, this.pos - 1) + b + a + this.buf.slice(this.pos + 1), pos)
  }
  private wordBefore(): number {
    let p = this.pos
    while (p > 0 && this.buf[p - 1] === ' ') p--
    while (p > 0 && this.buf[p - 1] !== ' ') p--
    return p
  }
  private wordAfter(): number {
    let p = this.pos
    while (p < this.buf.length && this.buf[p] === ' ') p++
    while (p < this.buf.length && this.buf[p] !== ' ') p++
    return p
  }
  private historyMove(step: -1 | 1): void {
    const next = this.historyIndex + step
    if (next < 0 || next > this.history.length) return
    if (this.historyIndex === this.history.length) this.draft = this.buf
    this.historyIndex = next
    const line = next === this.history.length ? this.draft : (this.history[next] as Bytes)
    this.set(line, line.length)
  }

  private complete(): void {
    if (this.completing === null) {
      const candidates = this.buf === '' ? [] : this.options.complete(this.buf)
      if (candidates.length === 0) {
        this.write('\x07')
        return
      }
      this.completing = { candidates, index: 0, original: this.buf }
    } else this.completing.index = (this.completing.index + 1) % (this.completing.candidates.length + 1)
    const c = this.completing
    const line = c.candidates[c.index] ?? c.original
    if (c.index === c.candidates.length) this.write('\x07')
    this.set(line, line.length)
  }

  private refresh(): void {
    if (this.held > 0) this.dirty = true
    else this.draw(true)
  }
  /** Redraw prompt, line and hint from the first row of this edit, then put the cursor where it belongs. */
  private draw(withHint: boolean): void {
    this.dirty = false
    const prompt = this.searching ? `(reverse-i-search)\`${this.searching.query}': ` : this.prompt
    let out = this.rows > 1 ? `${ESC}[${this.rows - 1}A` : ''
    out += `\r${ESC}[J${prompt}${visible(this.buf)}`
    const hint = withHint && this.hintsEnabled && this.searching === null ? this.options.hint(this.buf) : ''
    const used = width(prompt) + width(this.buf)
    const shown = hint.slice(0, Math.max(0, this.columns - 1 - (used % this.columns)))
    if (shown !== '') out += `${ESC}[0;90;49m${shown}${ESC}[0m`
    const cursor = width(prompt) + width(this.buf.slice(0, this.pos))
    const endRow = Math.floor((used + (shown === '' ? 0 : shown.length)) / this.columns)
    const cursorRow = Math.floor(cursor / this.columns)
    if (used > 0 && used % this.columns === 0 && shown === '') out += '\r\n'
    if (endRow > cursorRow) out += `${ESC}[${endRow - cursorRow}A`
    const column = cursor % this.columns
    out += column === 0 ? '\r' : `\r${ESC}[${column}C`
    this.rows = cursorRow + 1
    this.write(out)
  }
}

const isContinuation = (b: Bytes, i: number): boolean => (b.charCodeAt(i) & 0xc0) === 0x80

/** False while the UTF-8 sequence that ends at `end` lacks bytes. */
function wholeUtf8(b: Bytes, end: number): boolean {
  let i = end - 1
  let continuation = 0
  while (i >= 0 && isContinuation(b, i) && continuation < 4) {
    i--
    continuation++
  }
  const lead = b.charCodeAt(i)
  if (Number.isNaN(lead) || lead < 0xc0) return true
  return continuation >= (lead >= 0xf0 ? 3 : lead >= 0xe0 ? 2 : 1)
}

/** Control characters never reach the terminal as they are. */
const visible = (b: Bytes): Bytes => b.replace(/[\x00-\x1f\x7f]/g, '?')

/** Columns: a code point takes one, those of East Asian width two. */
function width(b: Bytes): number {
  let n = 0
  for (let i = 0; i < b.length; i++) {
    if (isContinuation(b, i)) continue
    const lead = b.charCodeAt(i)
    n += lead >= 0xe3 && lead < 0xf0 ? 2 : 1
    if (lead >= 0xf0) n += 1
  }
  return n
}
