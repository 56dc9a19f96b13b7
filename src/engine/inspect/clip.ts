/** Keys and values in pictures are cut where nobody reads on. */
import type { Bytes } from '../bytes/bytes.ts'

const TEXT = 256
export const clip = (b: Bytes): Bytes => (b.length > TEXT ? b.slice(0, TEXT) : b)
