/** The parser of cjson.decode: tokens, then values straight onto the Lua stack. */
import type { Bytes } from '../bytes/bytes.ts'
import type { JsonSettings } from './lib-cjson.ts'
import { LuaError, type LuaVm } from './lua-vm.ts'

type Token =
  | { readonly type: 'T_STRING'; readonly at: number; readonly text: Bytes }
  | { readonly type: 'T_NUMBER'; readonly at: number; readonly value: number }
  | { readonly type: 'T_BOOLEAN'; readonly at: number; readonly value: boolean }
  | { readonly type: 'T_ERROR'; readonly at: number; readonly what: string }
  | { readonly type: Punctuation; readonly at: number }
type Punctuation =
  | 'T_OBJ_BEGIN'
  | 'T_OBJ_END'
  | 'T_ARR_BEGIN'
  | 'T_ARR_END'
  | 'T_COLON'
  | 'T_COMMA'
  | 'T_NULL'
  | 'T_END'

const PUNCTUATION: Readonly<Record<string, Punctuation>> = {
  '{': 'T_OBJ_BEGIN',
  '}': 'T_OBJ_END',
  '[': 'T_ARR_BEGIN',
  ']': 'T_ARR_END',
  ':': 'T_COLON',
  ',': 'T_COMMA',
}
const ESCAPES: Readonly<Record<string, string>> = {
  '"': '"',
  '\\': '\\',
  '/': '/',
  b: '\b',
  t: '\t',
  n: '\n',
  f: '\f',
  r: '\r',
}
/** What strtod takes. */
const NUMBER =
  /[+-]?(?:0x(?:[0-9a-f]+\.?[0-9a-f]*|\.[0-9a-f]+)(?:p[+-]?\d+)?|(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?|inf(?:inity)?|nan(?:\([a-z0-9_]*\))?)/iy

function utf8(code: number): Bytes {
  const b = (n: number): string => String.fromCharCode(n)
  if (code < 0x80) return b(code)
  if (code < 0x800) return b(0xc0 | (code >> 6)) + b(0x80 | (code & 63))
  if (code < 0x10000) return b(0xe0 | (code >> 12)) + b(0x80 | ((code >> 6) & 63)) + b(0x80 | (code & 63))
  return b(0xf0 | (code >> 18)) + b(0x80 | ((code >> 12) & 63)) + b(0x80 | ((code >> 6) & 63)) + b(0x80 | (code & 63))
}
function toNumber(text: string): number {
  const t = text.toLowerCase()
  const negative = t.startsWith('-')
  const body = t.replace(/^[+-]/, '')
  let n: number
  if (body.startsWith('inf')) n = Infinity
  else if (body.startsWith('nan')) n = NaN
  else if (body.startsWith('0x')) n = hexNumber(body.slice(2))
  else n = Number(body)
  return negative ? -n : n
}
function hexNumber(text: string): number {
  const [mantissa = '', exponent = '0'] = text.split('p')
  const [whole = '', fraction = ''] = mantissa.split('.')
  let n = 0
  for (const c of whole + fraction) n = n * 16 + Number.parseInt(c, 16)
  return n * 2 ** (Number(exponent) - 4 * fraction.length)
}

export class JsonReader {
  private readonly vm: LuaVm
  private readonly s: JsonSettings
  private readonly text: Bytes
  private at = 0
  private depth = 0
  constructor(vm: LuaVm, settings: JsonSettings, text: Bytes) {
    this.vm = vm
    this.s = settings
    this.text = text
  }
  /** Pushes the value of the whole text. */
  decode(L: number): void {
    const { text } = this
    if (text.length >= 2 && (text.charCodeAt(0) === 0 || text.charCodeAt(1) === 0))
      throw new LuaError('JSON parser does not support UTF-16 or UTF-32')
    this.value(L, this.next())
    const end = this.next()
    if (end.type !== 'T_END') this.unexpected('the end', end)
  }
  private unexpected(expected: string, token: Token): never {
    const found = token.type === 'T_ERROR' ? token.what : token.type
    throw new LuaError(`Expected ${expected} but found ${found} at character ${token.at + 1}`)
  }
  private error(what: string): Token {
    return { type: 'T_ERROR', at: this.at, what }
  }

  private next(): Token {
    const { text } = this
    let c = text.charAt(this.at)
    while (c === ' ' || c === '\t' || c === '\n' || c === '\r') c = text.charAt(++this.at)
    const at = this.at
    if (c === '' || c === '\0') return { type: 'T_END', at }
    const punctuation = PUNCTUATION[c]
    if (punctuation !== undefined) {
      this.at++
      return { type: punctuation, at }
    }
    if (c === '"') return this.string(at)
    if (c === '-' || (c >= '0' && c <= '9')) {
      if (this.s.decodeInvalid === 0 && this.isInvalidNumber()) return this.error('invalid number')
      return this.number(at)
    }
    if (text.startsWith('true', at)) {
      this.at += 4
      return { type: 'T_BOOLEAN', at, value: true }
    }
    if (text.startsWith('false', at)) {
      this.at += 5
      return { type: 'T_BOOLEAN', at, value: false }
    }
    if (text.startsWith('null', at)) {
      this.at += 4
      return { type: 'T_NULL', at }
    }
    if ('iInN+'.includes(c) && this.s.decodeInvalid !== 0 && this.isInvalidNumber()) return this.number(at)
    return this.error('invalid token')
  }
  /** What JSON does not allow but strtod takes. */
  private isInvalidNumber(): boolean {
    const { text } = this
    if (text.charAt(this.at) === '+') return true
    const p = text.charAt(this.at) === '-' ? this.at + 1 : this.at
    const c = text.charAt(p)
    if (c === '0') return /[xX0-9]/.test(text.charAt(p + 1))
    if (c <= '9') return false
    const word = text.slice(p, p + 3).toLowerCase()
    return word === 'inf' || word === 'nan'
  }
  private number(at: number): Token {
    NUMBER.lastIndex = at
    const m = NUMBER.exec(this.text)
    if (m === null) return this.error('invalid number')
    this.at = at + m[0].length
    return { type: 'T_NUMBER', at, value: toNumber(m[0]) }
  }
  private string(at: number): Token {
    const { text } = this
    let out = ''
    this.at++
    for (;;) {
      const c = text.charAt(this.at)
      if (c === '"') break
      if (c === '' || c === '\0') return this.error('unexpected end of string')
      if (c !== '\\') {
        out += c
        this.at++
        continue
      }
      const e = text.charAt(this.at + 1)
      if (e === 'u') {
        const code = this.unicodeEscape()
        if (code === null) return this.error('invalid unicode escape code')
        out += utf8(code)
        continue
      }
      const plain = ESCAPES[e]
      if (plain === undefined) return this.error('invalid escape code')
      out += plain
      this.at += 2
    }
    this.at++
    return { type: 'T_STRING', at, text: out }
  }
  private hex4(at: number): number | null {
    const digits = this.text.slice(at, at + 4)
    return /^[0-9a-fA-F]{4}$/.test(digits) ? Number.parseInt(digits, 16) : null
  }
  private unicodeEscape(): number | null {
    const { text, at } = this
    const high = this.hex4(at + 2)
    if (high === null) return null
    if ((high & 0xf800) !== 0xd800) {
      this.at += 6
      return high
    }
    if ((high & 0x400) !== 0 || text.slice(at + 6, at + 8) !== '\\u') return null
    const low = this.hex4(at + 8)
    if (low === null || (low & 0xfc00) !== 0xdc00) return null
    this.at += 12
    return (((high & 0x3ff) << 10) | (low & 0x3ff)) + 0x10000
  }

  private value(L: number, token: Token): void {
    const x = this.vm.x
    switch (token.type) {
      case 'T_STRING':
        return this.vm.pushString(L, token.text)
      case 'T_NUMBER':
        return x.lua_pushnumber(L, token.value)
      case 'T_BOOLEAN':
        return x.lua_pushboolean(L, token.value ? 1 : 0)
      case 'T_NULL':
        return x.lua_pushlightuserdata(L, 0)
      case 'T_OBJ_BEGIN':
        return this.object(L)
      case 'T_ARR_BEGIN':
        return this.array(L)
      default:
        this.unexpected('value', token)
    }
  }
  private descend(L: number, slots: number): void {
    this.depth++
    if (this.depth <= this.s.decodeMaxDepth && this.vm.x.lua_checkstack(L, slots) !== 0) return
    throw new LuaError(`Found too many nested data structures (${this.depth}) at character ${this.at}`)
  }
  private object(L: number): void {
    const x = this.vm.x
    this.descend(L, 3)
    x.lua_createtable(L, 0, 0)
    let token = this.next()
    if (token.type !== 'T_OBJ_END') {
      for (;;) {
        if (token.type !== 'T_STRING') this.unexpected('object key string', token)
        this.vm.pushString(L, token.text)
        token = this.next()
        if (token.type !== 'T_COLON') this.unexpected('colon', token)
        this.value(L, this.next())
        x.lua_rawset(L, -3)
        token = this.next()
        if (token.type === 'T_OBJ_END') break
        if (token.type !== 'T_COMMA') this.unexpected('comma or object end', token)
        token = this.next()
      }
    }
    this.depth--
  }
  private array(L: number): void {
    const x = this.vm.x
    this.descend(L, 2)
    x.lua_createtable(L, 0, 0)
    let token = this.next()
    if (token.type !== 'T_ARR_END') {
      for (let i = 1; ; i++) {
        this.value(L, token)
        x.lua_rawseti(L, -2, i)
        token = this.next()
        if (token.type === 'T_ARR_END') break
        if (token.type !== 'T_COMMA') this.unexpected('comma or array end', token)
        token = this.next()
      }
    }
    this.depth--
  }
}
