/** An address as a node keeps it: inet_pton, then inet_ntop. */
import type { Bytes } from '../bytes/bytes.ts'

const parseIp4 = (text: string): number[] | null => {
  const parts = text.split('.')
  if (parts.length !== 4 || parts.some((p) => !/^(0|[1-9]\d{0,2})$/.test(p) || Number(p) > 255)) return null
  return parts.map(Number)
}
/** Eight groups of sixteen bits. */
function parseIp6(text: string): number[] | null {
  const halves = text.split('::')
  if (halves.length > 2) return null
  const groups = (part: string): number[] | null => {
    if (part === '') return []
    const out: number[] = []
    const words = part.split(':')
    for (const [i, word] of words.entries()) {
      if (i === words.length - 1 && word.includes('.')) {
        const ip4 = parseIp4(word) as [number, number, number, number] | null
        if (ip4 === null) return null
        out.push(ip4[0] * 256 + ip4[1], ip4[2] * 256 + ip4[3])
      } else if (/^[0-9a-f]{1,4}$/i.test(word)) out.push(Number.parseInt(word, 16))
      else return null
    }
    return out
  }
  const front = groups(halves[0] as string)
  const back = halves.length === 2 ? groups(halves[1] as string) : []
  if (front === null || back === null) return null
  const missing = 8 - front.length - back.length
  if (halves.length === 2 ? missing < 1 : missing !== 0) return null
  return [...front, ...new Array<number>(Math.max(0, missing)).fill(0), ...back]
}
/** The longest run of two zero groups or more becomes "::", the first of equals. */
function formatIp6(groups: readonly number[]): string {
  let from = -1
  let most = 1
  for (let i = 0; i < 8; i++) {
    let n = 0
    while (i + n < 8 && groups[i + n] === 0) n++
    if (n > most) {
      from = i
      most = n
    }
  }
  const hex = (part: readonly number[]): string => part.map((g) => g.toString(16)).join(':')
  const mapped = from === 0 && (most === 6 || (most === 5 && groups[5] === 0xffff))
  if (mapped) {
    const [a, b] = groups.slice(6) as [number, number]
    return `::${most === 5 ? 'ffff:' : ''}${a >> 8}.${a & 255}.${b >> 8}.${b & 255}`
  }
  return from < 0 ? hex(groups) : `${hex(groups.slice(0, from))}::${hex(groups.slice(from + most))}`
}
/** Null: no address. */
export function normalizeIp(text: Bytes): Bytes | null {
  const ip4 = parseIp4(text)
  if (ip4 !== null) return ip4.join('.')
  const ip6 = parseIp6(text)
  return ip6 === null ? null : formatIp6(ip6)
}
