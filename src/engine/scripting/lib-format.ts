/**
 * string.format with 64-bit integers: the Lua in WebAssembly has 32-bit longs, redis-server has 64-bit ones, and a time in
 * milliseconds is formatted with %d every day. The rest is Lua's own function once more.
 */
import type { Bytes } from '../bytes/bytes.ts'
import { cText, toLongLong } from './convert.ts'
import { formatG } from './format.ts'
import { PlainFormats } from './lib-format-plain.ts'
import { LuaError, type LuaFunction, type LuaVm } from './lua-vm.ts'

interface Spec {
  readonly flags: string
  readonly width: number
  readonly precision: number | null
}

export function stringFormat(vm: LuaVm): LuaFunction {
  const x = vm.x
  const plain = new PlainFormats(vm)
  return (L) => {
    if (plain.format(L)) return 1
    x.luaL_checklstring(L, 1, 0)
    const format = vm.toBytes(L, 1) as Bytes
    let out = ''
    const top = vm.top(L)
    let arg = 1
    for (let i = 0; i < format.length; i++) {
      const c = format.charAt(i)
      if (c !== '%') {
        out += c
        continue
      }
      if (format.charAt(++i) === '%') {
        out += '%'
        continue
      }
      if (++arg > top) x.luaL_argerror(L, arg, vm.cstring('no value'))
      const { spec, end } = readSpec(format, i)
      i = end
      out += convert(vm, L, arg, format.charAt(i), spec)
    }
    vm.pushString(L, out)
    return 1
  }
}

function readSpec(format: Bytes, at: number): { spec: Spec; end: number } {
  const digit = (i: number): boolean => /[0-9]/.test(format.charAt(i))
  let i = at
  while (i < format.length && '-+ #0'.includes(format.charAt(i))) i++
  const flags = format.slice(at, i)
  if (flags.length >= 6) throw new LuaError('invalid format (repeated flags)')
  let from = i
  for (let n = 0; n < 2 && digit(i); n++) i++
  const width = Number(format.slice(from, i))
  let precision: number | null = null
  if (format.charAt(i) === '.') {
    from = ++i
    for (let n = 0; n < 2 && digit(i); n++) i++
    precision = Number(format.slice(from, i))
  }
  if (digit(i)) throw new LuaError('invalid format (width or precision too long)')
  return { spec: { flags, width, precision }, end: i }
}

function convert(vm: LuaVm, L: number, arg: number, conversion: string, spec: Spec): Bytes {
  const x = vm.x
  switch (conversion) {
    case 'c':
      return pad(String.fromCharCode(x.luaL_checknumber(L, arg) & 255), spec, false)
    case 'd':
    case 'i':
      return integer(BigInt(toLongLong(x.luaL_checknumber(L, arg))), 10, spec)
    case 'o':
    case 'u':
    case 'x':
    case 'X': {
      const n = BigInt.asUintN(64, BigInt(toLongLong(x.luaL_checknumber(L, arg))))
      return unsigned(n, conversion, spec)
    }
    case 'e':
    case 'E':
    case 'f':
    case 'g':
    case 'G':
      return float(x.luaL_checknumber(L, arg), conversion, spec)
    case 'q':
      return quoted(string(vm, L, arg))
    case 's': {
      const s = string(vm, L, arg)
      if (spec.precision === null && s.length >= 100) return s
      const text = cText(s)
      return pad(spec.precision === null ? text : text.slice(0, spec.precision), spec, false)
    }
    default:
      throw new LuaError(`invalid option '%${conversion}' to 'format'`)
  }
}
function string(vm: LuaVm, L: number, arg: number): Bytes {
  vm.x.luaL_checklstring(L, arg, 0)
  return vm.toBytes(L, arg) as Bytes
}
function quoted(s: Bytes): Bytes {
  const body = s.replace(/["\\\n\r\0]/g, (c) => (c === '\r' ? '\\r' : c === '\0' ? '\\000' : `\\${c}`))
  return `"${body}"`
}

/** `zero`: the flag 0 means leading zeros here. */
function pad(text: Bytes, spec: Spec, zero: boolean): Bytes {
  if (text.length >= spec.width) return text
  if (spec.flags.includes('-')) return text.padEnd(spec.width)
  if (!zero || !spec.flags.includes('0')) return text.padStart(spec.width)
  const prefix = /^[-+ ]?(?:0[xX])?/.exec(text)?.[0] ?? ''
  return prefix + text.slice(prefix.length).padStart(spec.width - prefix.length, '0')
}
const signOf = (negative: boolean, spec: Spec): string =>
  negative ? '-' : spec.flags.includes('+') ? '+' : spec.flags.includes(' ') ? ' ' : ''

function integer(n: bigint, base: number, spec: Spec): Bytes {
  let digits = (n < 0n ? -n : n).toString(base)
  if (spec.precision !== null) digits = n === 0n && spec.precision === 0 ? '' : digits.padStart(spec.precision, '0')
  return pad(signOf(n < 0n, spec) + digits, spec, spec.precision === null)
}
function unsigned(n: bigint, conversion: string, spec: Spec): Bytes {
  let digits = n.toString(conversion === 'o' ? 8 : conversion === 'u' ? 10 : 16)
  if (spec.precision !== null) digits = n === 0n && spec.precision === 0 ? '' : digits.padStart(spec.precision, '0')
  if (spec.flags.includes('#')) {
    if (conversion === 'o' && !digits.startsWith('0')) digits = `0${digits}`
    else if ((conversion === 'x' || conversion === 'X') && n !== 0n) digits = `0x${digits}`
  }
  return pad(conversion === 'X' ? digits.toUpperCase() : digits, spec, spec.precision === null)
}

function float(n: number, conversion: string, spec: Spec): Bytes {
  const upper = conversion === 'E' || conversion === 'G'
  const done = (s: string, zero: boolean): Bytes => pad(upper ? s.toUpperCase() : s, spec, zero)
  if (Number.isNaN(n)) return done(`-nan`, false)
  const negative = n < 0 || Object.is(n, -0)
  const sign = signOf(negative, spec)
  const a = Math.abs(n)
  if (a === Infinity) return done(`${sign}inf`, false)
  const p = spec.precision ?? 6
  const point = spec.flags.includes('#') ? '.' : ''
  if (conversion === 'f') {
    const s = fixed(a, p)
    return done(sign + (p === 0 ? s + point : s), true)
  }
  if (conversion === 'e' || conversion === 'E') return done(sign + exponential(a, p, point), true)
  return done(sign + (point === '' ? formatG(a, p) : general(a, p)), true)
}
const isTie = (tail: string): boolean => /^50*$/.test(tail)

/** %.{p}f of a non-negative number: exact digits, ties to even. */
function fixed(n: number, p: number): string {
  if (n >= 1e21) return BigInt(n).toString() + (p > 0 ? `.${'0'.repeat(p)}` : '')
  const more = Math.min(100, p + 60)
  const long = n.toFixed(more)
  const cut = long.length - (more - p)
  if (more > p && isTie(long.slice(cut)) && long.slice(cut).length > 0) {
    const kept = p === 0 ? long.slice(0, cut - 1) : long.slice(0, cut)
    if (Number(kept.charAt(kept.length - 1)) % 2 === 0) return kept
  }
  return n.toFixed(p)
}
function exponential(n: number, p: number, point: string): string {
  const long = n.toExponential(Math.min(100, p + 25))
  const [digits = '0'] = long.split('e')
  const [short = '0', e = '0'] = n.toExponential(p).split('e')
  let mantissa = short
  let exponent = e
  const tail = digits.replace('.', '').slice(p + 1)
  if (tail !== '' && isTie(tail) && Number(digits.replace('.', '').charAt(p)) % 2 === 0) {
    mantissa = p === 0 ? digits.charAt(0) : digits.slice(0, p + 2)
    exponent = long.slice(long.indexOf('e') + 1)
  }
  const x = Number(exponent)
  return `${mantissa}${p === 0 ? point : ''}e${x < 0 ? '-' : '+'}${String(Math.abs(x)).padStart(2, '0')}`
}
/** %#g keeps its zeros. */
function general(n: number, precision: number): string {
  const p = precision === 0 ? 1 : precision
  const exponent = n === 0 ? 0 : Number(exponential(n, p - 1, '').split('e')[1])
  if (exponent < -4 || exponent >= p) return exponential(n, p - 1, '.')
  const s = fixed(n, p - 1 - exponent)
  return s.includes('.') ? s : `${s}.`
}
