/** How Redis prints bytes for people, and how it splits a typed line into arguments. */
import type { Bytes } from './bytes.ts'

/** sdscatrepr: in double quotes, with \n \r \t \a \b, \\ and \", and \xhh for what is not printable ASCII. */
export function quoteBytes(b: Bytes): Bytes {
  let s = '"'
  for (let i = 0; i < b.length; i++) {
    const c = b.charCodeAt(i)
    switch (c) {
      case 92:
      case 34:
        s += '\\' + b[i]
        break
      case 10:
        s += '\\n'
        break
      case 13:
        s += '\\r'
        break
      case 9:
        s += '\\t'
        break
      case 7:
        s += '\\a'
        break
      case 8:
        s += '\\b'
        break
      default:
        s += c >= 32 && c < 127 ? b[i] : '\\x' + c.toString(16).padStart(2, '0')
    }
  }
  return s + '"'
}

const isSpace = (c: number): boolean => c === 32 || (c >= 9 && c <= 13)
const hexValue = (c: number): number => {
  if (c >= 48 && c <= 57) return c - 48
  const l = c | 32
  return l >= 97 && l <= 102 ? l - 87 : -1
}

/** sdssplitargs: null for unbalanced quotes or a closing quote not followed by a space. A NUL byte ends the line. */
export function splitArgs(line: Bytes): Bytes[] | null {
  const args: Bytes[] = []
  const nul = line.indexOf('\0')
  const end = nul < 0 ? line.length : nul
  let i = 0
  for (;;) {
    while (i < end && isSpace(line.charCodeAt(i))) i++
    if (i >= end) return args
    let current = ''
    let quote = 0
    for (;;) {
      if (i >= end) {
        if (quote !== 0) return null
        break
      }
      const c = line.charCodeAt(i)
      if (quote === 34) {
        if (
          c === 92 &&
          i + 3 < end &&
          line[i + 1] === 'x' &&
          hexValue(line.charCodeAt(i + 2)) >= 0 &&
          hexValue(line.charCodeAt(i + 3)) >= 0
        ) {
          current += String.fromCharCode(hexValue(line.charCodeAt(i + 2)) * 16 + hexValue(line.charCodeAt(i + 3)))
          i += 3
        } else if (c === 92 && i + 1 < end) {
          current += unescape(line[++i]!)
        } else if (c === 34) {
          if (i + 1 < end && !isSpace(line.charCodeAt(i + 1))) return null
          i++
          break
        } else current += line[i]
      } else if (quote === 39) {
        if (c === 92 && line[i + 1] === "'" && i + 1 < end) {
          i++
          current += "'"
        } else if (c === 39) {
          if (i + 1 < end && !isSpace(line.charCodeAt(i + 1))) return null
          i++
          break
        } else current += line[i]
      } else if (isSpace(c)) break
      else if (c === 34 || c === 39) quote = c
      else current += line[i]
      i++
    }
    args.push(current)
  }
}

function unescape(ch: string): string {
  switch (ch) {
    case 'n':
      return '\n'
    case 'r':
      return '\r'
    case 't':
      return '\t'
    case 'b':
      return '\b'
    case 'a':
      return '\x07'
    default:
      return ch
  }
}
