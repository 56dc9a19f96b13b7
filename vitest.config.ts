import { configDefaults, defineConfig } from 'vitest/config'

/** Beside a real Redis, over many seeds, or against the clock: for `npm test`, not for `npm run check`. */
const LONG = [
  'tests/**/interop-*',
  'tests/**/hostile-*',
  'tests/**/*-differential*',
  'tests/**/eviction*',
  'tests/oracle/{oracle,conversations,propagation}.test.ts',
  'tests/{coverage-replication,coverage-sentinel,coverage-operations,coverage-locks,sentinel-,failover-}*',
  'tests/{world-invariants,world-watchdog,world-busy,world-persistence,encodings}.test.ts',
  'tests/{cluster-truth,cluster-clients,cluster-cli,cluster-interop-cli,coverage-cluster-failover,coverage-cluster-rest,coverage-costs}.test.ts',
]
const quick = process.env['REHASH_QUICK'] !== undefined
if (quick) process.env['TRANSCRIPTS_REAL'] = '0'

export default defineConfig({
  test: {
    include: ['src/**/*.test.ts', 'src/**/*.test.tsx', 'tests/**/*.test.ts'],
    exclude: [...configDefaults.exclude, ...(quick ? LONG : [])],
    environment: 'node',
    setupFiles: ['tests/support/lua.ts'],
    maxWorkers: 2,
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
})
