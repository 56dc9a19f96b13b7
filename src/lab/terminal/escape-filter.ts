/**
 * What may reach the terminal emulator. The redis-cli machine draws with a handful of cursor and colour sequences;
 * everything else that starts with ESC (window titles, clipboard writes, device queries, resets, mode switches) could
 * only come out of data, and is shown as text instead. So are, in UTF-8, the C1 controls and the characters that hide or
 * reorder their surroundings. Works on a stream: a sequence may be cut anywhere.
 */
import type { Bytes } from '../../engine/bytes/bytes.ts'

/** CSI sequences that line editing and colour need: cursor moves, erases, insert/delete character, colour. */
const CSI = /^[0-9;]*[ABCDGHJKPm@]$/
const LONGEST = 24
/** In UTF-8: C1 controls; zero-width, line-separating and bidirectional characters. Each is shown as one U+FFFD. */
const HIDDEN = /\xc2[\x80-\x9f]|\xd8\x9c|\xe2\x80[\x8b-\x8f\xa8-\xae]|\xe2\x81[\xa0-\xa9]|\xef\xbb\xbf/g
const HALF = /(?:\xc2|\xd8|\xe2[\x80\x81]?|\xef\xbb?)$/
const SHOWN = '\xef\xbf\xbd'

export class EscapeFilter {
  #pending = ''

  push(chunk: Bytes): Bytes {
    const all = this.#pending + chunk
    const half = HALF.exec(all)?.[0] ?? ''
    const text = all.slice(0, all.length - half.length).replace(HIDDEN, SHOWN)
    this.#pending = half
    let out = ''
    let i = 0
    while (i < text.length) {
      const c = text.charCodeAt(i)
      if (c !== 0x1b) {
        out += allowedControl(c) ? text[i] : visible(c)
        i++
        continue
      }
      const end = sequenceEnd(text, i)
      if (end === 'more') {
        this.#pending = text.slice(i) + half
        return out
      }
      if (end === null) {
        out += '^['
        i++
        continue
      }
      out += text.slice(i, end)
      i = end
    }
    return out
  }
}

function allowedControl(c: number): boolean {
  return c >= 0x20 ? c !== 0x7f : c === 0x07 || c === 0x08 || c === 0x09 || c === 0x0a || c === 0x0d
}

function visible(c: number): string {
  return c === 0x7f ? '^?' : `^${String.fromCharCode(c + 64)}`
}

/** The end of an allowed sequence that starts at `i`, null when it is not allowed, 'more' when it may go on. */
function sequenceEnd(text: string, i: number): number | null | 'more' {
  if (i + 1 >= text.length) return 'more'
  if (text[i + 1] !== '[') return null
  for (let j = i + 2; j < text.length && j - i < LONGEST; j++) {
    const c = text.charCodeAt(j)
    if (c >= 0x40 && c <= 0x7e) return CSI.test(text.slice(i + 2, j + 1)) ? j + 1 : null
    if (!((c >= 0x30 && c <= 0x39) || c === 0x3b)) return null
  }
  return text.length - i < LONGEST ? 'more' : null
}
