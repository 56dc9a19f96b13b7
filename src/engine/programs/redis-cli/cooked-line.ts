/**
 * A terminal's line discipline, for programs that read standard input without an editor of their own: what is typed is
 * shown, Backspace takes it back, Enter hands the line over, Ctrl-D at the start of a line ends the input.
 */
import type { Bytes } from '../../bytes/bytes.ts'

export type CookedEvent =
  | { readonly type: 'text'; readonly bytes: Bytes }
  | { readonly type: 'end' }
  | { readonly type: 'interrupt' }

export class CookedLine {
  /** A password is typed. */
  masked = false
  private line: Bytes = ''
  private readonly echo: (text: Bytes) => void

  constructor(echo: (text: Bytes) => void) {
    this.echo = echo
  }

  /** `bytes` as they come from the terminal; '' is the end of the input itself. */
  feed(bytes: Bytes, newline: Bytes): CookedEvent[] {
    const events: CookedEvent[] = []
    const flush = (): void => {
      if (this.line !== '') events.push({ type: 'text', bytes: this.line })
      this.line = ''
    }
    if (bytes === '') {
      flush()
      events.push({ type: 'end' })
      return events
    }
    for (let i = 0; i < bytes.length; i++) {
      const ch = bytes[i] as Bytes
      if (ch === '\r' || ch === '\n') {
        if (ch === '\r' && bytes[i + 1] === '\n') i++
        this.echo('\n')
        this.line += newline
        flush()
      } else if (ch === '\x04') {
        if (this.line === '') events.push({ type: 'end' })
        else flush()
      } else if (ch === '\x03') {
        this.line = ''
        events.push({ type: 'interrupt' })
      } else if (ch === '\x7f' || ch === '\b') this.backspace()
      else {
        this.line += ch
        if (this.masked) this.echo('*')
        else this.echo(ch >= ' ' || ch === '\t' ? ch : `^${String.fromCharCode(ch.charCodeAt(0) + 64)}`)
      }
    }
    return events
  }

  private backspace(): void {
    if (this.line === '') return
    // A character of several bytes goes whole.
    let end = this.line.length - 1
    while (end > 0 && (this.line.charCodeAt(end) & 0xc0) === 0x80) end--
    this.line = this.line.slice(0, end)
    this.echo('\b \b')
  }
}
