/** `bit`: operations on 32-bit integers, as BitOp does them (a number is taken modulo 2^32, halves to even). */
import type { LuaFunction, LuaVm } from './lua-vm.ts'
import type { Library } from './sandbox.ts'

const f64 = new Float64Array(1)
const low32 = new Int32Array(f64.buffer)

export function bitLibrary(vm: LuaVm): Library {
  const x = vm.x
  /** The low word of n + 2^52 + 2^51 is n's. */
  const arg = (L: number, i: number): number => {
    f64[0] = (x.luaL_checknumber(L, i) as number) + 6755399441055744
    return low32[0] as number
  }
  const give = (L: number, n: number): number => {
    x.lua_pushnumber(L, n | 0)
    return 1
  }
  const fold =
    (f: (a: number, b: number) => number): LuaFunction =>
    (L) => {
      let value = arg(L, 1)
      for (let i = vm.top(L); i > 1; i--) value = f(value, arg(L, i))
      return give(L, value)
    }
  const shift =
    (f: (a: number, n: number) => number): LuaFunction =>
    (L) => {
      const value = arg(L, 1)
      return give(L, f(value, arg(L, 2) & 31))
    }
  return {
    tobit: (L) => give(L, arg(L, 1)),
    bnot: (L) => give(L, ~arg(L, 1)),
    band: fold((a, b) => a & b),
    bor: fold((a, b) => a | b),
    bxor: fold((a, b) => a ^ b),
    lshift: shift((a, n) => a << n),
    rshift: shift((a, n) => a >>> n),
    arshift: shift((a, n) => a >> n),
    rol: shift((a, n) => (a << n) | (a >>> ((32 - n) & 31))),
    ror: shift((a, n) => (a >>> n) | (a << ((32 - n) & 31))),
    bswap: (L) => {
      const b = arg(L, 1)
      return give(L, (b >>> 24) | ((b >>> 8) & 0xff00) | ((b & 0xff00) << 8) | (b << 24))
    },
    tohex: (L) => {
      const b = arg(L, 1)
      let n = vm.top(L) < 2 ? 8 : arg(L, 2)
      const upper = n < 0
      if (n < 0) n = -n
      const hex = (b >>> 0)
        .toString(16)
        .padStart(8, '0')
        .slice(8 - Math.min(n, 8))
      vm.pushString(L, n === 0 ? '' : upper ? hex.toUpperCase() : hex)
      return 1
    },
  }
}
