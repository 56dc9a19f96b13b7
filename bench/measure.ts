/** CPU seconds of this process, so that other programs' load hardly counts; the best of five runs. */
export const cpuMs = (): number => {
  const used = process.cpuUsage()
  return (used.user + used.system) / 1e3
}
/** Millions per CPU second. */
export function rate(n: number, run: () => void, repeats = 5): number {
  let best = 0
  for (let r = 0; r < repeats; r++) {
    const before = cpuMs()
    run()
    best = Math.max(best, n / 1e3 / (cpuMs() - before))
  }
  return best
}
/**
 * Structural pauses in milliseconds, longest first: the least time of each batch of steps over all repeats, so that a
 * pause counts only if it comes every time (growth, rehash) and not for the scheduler's sake.
 */
export function pauses(n: number, make: () => (i: number) => void, batch = 16, repeats = 6): number[] {
  const least = new Float64Array(Math.ceil(n / batch)).fill(1e9)
  for (let r = 0; r < repeats; r++) {
    const step = make()
    ;(globalThis as { gc?: () => void }).gc?.()
    let t = performance.now()
    for (let i = 0, b = 0; i < n; b++) {
      for (let k = 0; k < batch && i < n; k++) step(i++)
      const u = performance.now()
      least[b] = Math.min(least[b] ?? 1e9, u - t)
      t = u
    }
  }
  return [...least].sort((a, b) => b - a)
}
