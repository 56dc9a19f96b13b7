/** Random requests, valid and not, over the commands of the table whose replies depend on nothing but the requests. */
import { Prng } from '../../src/engine/bytes/prng.ts'
import { aclForms } from './requests-acl.ts'
import { STREAMS, streamForms, TIMED } from './requests-streams.ts'

const STRINGS = ['s1', 's2', 's3', 'n1', 'n2']
const LISTS = ['l1', 'l2', 'l3']
const SETS = ['t1', 't2', 't3']
const ZSETS = ['z1', 'z2', 'z3']
const HASHES = ['h1', 'h2']
const HLLS = ['p1', 'p2', 'p3']
const GEOS = ['g1', 'g2']
const ALL = [...STRINGS, ...LISTS, ...SETS, ...ZSETS, ...HASHES, ...HLLS, ...GEOS, ...STREAMS, 'nope', 'd', '']

export class Requests {
  private readonly rng: Prng
  private readonly forms: readonly (() => string[])[]
  constructor(seed: number) {
    this.rng = new Prng(seed)
    this.forms = [
      ...this.strings(),
      ...this.strings(),
      ...this.keys(),
      ...this.hashes(),
      ...this.lists(),
      ...this.sets(),
      ...this.zsets(),
      ...this.bits(),
      ...this.hyperloglogs(),
      ...this.geos(),
      ...streamForms({ rng: this.rng, key: () => this.of(STREAMS), num: this.num, el: this.el }),
      ...aclForms(this.rng),
      ...this.rest(),
    ]
  }
  next(): string[] {
    const argv = this.pick(this.forms)()
    const spoil = this.rng.below(40)
    // Now and then one argument too few, too many, or another one.
    if (spoil === 0) argv.pop()
    else if (spoil === 1) argv.push(this.num())
    else if (spoil === 2 && argv.length > 2 && !TIMED.has(argv[0] ?? ''))
      argv[2 + this.rng.below(argv.length - 2)] = this.el()
    else if (spoil === 3) argv[0] = (argv[0] ?? '').toUpperCase()
    return argv.length === 0 ? ['ping'] : argv
  }
  private pick<T>(a: readonly T[]): T {
    return a[this.rng.below(a.length)] as T
  }
  /** Mostly a key of this kind. */
  private of(keys: readonly string[]): string {
    return this.rng.below(14) === 0 ? this.pick(ALL) : this.pick(keys)
  }
  private readonly num = (): string =>
    this.pick(
      [
        '0',
        '1',
        '2',
        '-1',
        '3',
        '-2',
        '5',
        '10',
        '-100',
        '100',
        'x',
        '1.5',
        '',
        '9223372036854775807',
        '-9223372036854775808',
        '9223372036854775808',
      ].slice(0, this.rng.below(10) === 0 ? 16 : 10),
    )
  private readonly small = (): string => this.pick(['0', '1', '2', '-1', '3', '-3', '5', '7'])
  private readonly score = (): string =>
    this.pick([
      '1',
      '2',
      '3',
      '0',
      '-1',
      '1.5',
      '0.1',
      '3.3',
      'inf',
      '-inf',
      '1e17',
      '-0',
      '1e300',
      '1e-7',
      'nan',
      'abc',
      '123456789.125',
      '4',
    ])
  private readonly bound = (): string =>
    this.pick(['-inf', '+inf', '1', '(1', '2', '(3', '5', 'x', '0.1', '(0.1', '1e17', '', '('])
  private readonly lex = (): string => this.pick(['-', '+', '[a', '(a', '[c', '(m1', '[m20', 'x', '[', '('])
  private readonly el = (): string =>
    this.pick([
      'a',
      'b',
      'c',
      'd',
      '1',
      '2',
      '-5',
      '70000',
      '9223372036854775807',
      '007',
      `m${this.rng.below(200)}`,
      'x'.repeat(this.rng.below(90)),
      '\x00\xff\r\n',
      `${this.rng.below(600)}`,
    ])
  private readonly some = (f: () => string, n = 4): string[] => Array.from({ length: 1 + this.rng.below(n) }, f)
  private readonly opt = (...a: string[]): string[] => (this.rng.below(3) === 0 ? a : [])
  private pairs(first: () => string, second: () => string, n = 5): string[] {
    return this.some(() => '', n).flatMap(() => [first(), second()])
  }

  private strings(): (() => string[])[] {
    const { opt, num, el, some, small } = this
    const s = (): string => this.of(STRINGS)
    return [
      () => [
        'set',
        s(),
        el(),
        ...opt(this.pick(['nx', 'xx', 'NX'])),
        ...opt('get'),
        ...opt(this.pick(['keepttl', 'foo'])),
      ],
      () => ['set', s(), this.pick(['10', '3.5', '-7', 'abc']), ...opt('ex', this.pick(['1000', '0', '-1', 'x']))],
      () => [this.pick(['get', 'strlen', 'getdel']), s()],
      () => ['getset', s(), el()],
      () => ['setnx', s(), el()],
      () => ['getex', s(), ...opt(this.pick(['persist', 'x'])), ...opt('ex', '1000')],
      () => ['mset', ...this.pairs(s, el, 3)],
      () => ['msetnx', ...this.pairs(s, el, 2)],
      () => ['mget', ...some(() => this.of(ALL))],
      () => ['append', s(), el()],
      () => [this.pick(['getrange', 'substr']), s(), num(), num()],
      () => ['setrange', s(), this.pick(['0', '1', '5', '100', '-1', 'x', '536870912']), el()],
      () => [this.pick(['incr', 'decr']), s()],
      () => [this.pick(['incrby', 'decrby']), s(), num()],
      () => ['incrbyfloat', s(), this.pick(['1.5', '0.1', '-3', '1e5', 'x', 'inf', '1e-9', '100'])],
      () => [
        'lcs',
        s(),
        s(),
        ...opt(this.pick(['len', 'idx'])),
        ...opt('minmatchlen', small()),
        ...opt('withmatchlen'),
      ],
    ]
  }
  private keys(): (() => string[])[] {
    const { opt, num, some } = this
    const k = (): string => this.of(ALL)
    return [
      () => [this.pick(['del', 'unlink', 'exists', 'touch']), ...some(k, 2)],
      () => ['type', k()],
      () => ['object', 'encoding', k()],
      () => ['dump', this.of(STRINGS)],
      () => [
        this.pick(['expire', 'pexpire']),
        k(),
        this.pick(['1000000', '2000000', 'x', '9223372036854775807']),
        ...opt(this.pick(['nx', 'xx', 'gt', 'lt', 'foo'])),
      ],
      () => [this.pick(['expireat', 'pexpireat']), k(), this.pick(['1', '33177117420000', '33177117420'])],
      () => ['persist', k()],
      () => [this.pick(['expiretime', 'pexpiretime']), 'absent'],
      () => [this.pick(['rename', 'renamenx']), k(), k()],
      () => ['copy', k(), k(), ...opt('replace'), ...opt('db', this.pick(['1', '0', '99', 'x']))],
      () => ['move', k(), this.pick(['1', '0', '77'])],
      () => ['dbsize'],
      () => ['keys', this.pick(['*', 's*', '[lt]?', 'nope'])],
      () => [
        'sort',
        this.pick([...LISTS, ...SETS, ...ZSETS]),
        'alpha',
        ...opt('desc'),
        ...opt('limit', num(), num()),
        ...opt('get', '#'),
        ...opt('store', 'd'),
      ],
      () => ['debug', 'digest-value', k()],
      () => ['debug', 'digest'],
    ]
  }
  private hashes(): (() => string[])[] {
    const { opt, num, el, some } = this
    const h = (): string => this.of(HASHES)
    return [
      () => [this.pick(['hset', 'hmset']), h(), ...this.pairs(el, el, 4)],
      () => ['hsetnx', h(), el(), el()],
      () => [this.pick(['hget', 'hexists', 'hstrlen']), h(), el()],
      () => [this.pick(['hmget', 'hdel']), h(), ...some(el)],
      () => [this.pick(['hlen', 'hkeys', 'hvals', 'hgetall']), h()],
      () => ['hincrby', h(), this.pick(['1', 'a', 'n']), num()],
      () => ['hincrbyfloat', h(), this.pick(['1', 'a', 'n']), this.score()],
      () => ['hrandfield', 'absent', ...opt(num())],
      () => ['hscan', h(), '0', 'count', '1000', ...opt('match', this.pick(['*', '1*', '[a-c]']))],
    ]
  }
  private lists(): (() => string[])[] {
    const { opt, num, el, some, small } = this
    const l = (): string => this.of(LISTS)
    return [
      () => [this.pick(['lpush', 'rpush', 'lpushx', 'rpushx']), l(), ...some(el, 9)],
      () => [this.pick(['lpop', 'rpop']), l(), ...opt(num())],
      () => ['llen', l()],
      () => ['lindex', l(), num()],
      () => ['lset', l(), small(), el()],
      () => ['lrange', l(), num(), num()],
      () => ['ltrim', l(), small(), num()],
      () => ['lrem', l(), small(), el()],
      () => ['linsert', l(), this.pick(['before', 'after', 'x']), el(), el()],
      () => ['lpos', l(), el(), ...opt('rank', num()), ...opt('count', num()), ...opt('maxlen', num())],
      () => ['lmove', l(), l(), this.pick(['left', 'right']), this.pick(['left', 'right', 'z'])],
      () => ['rpoplpush', l(), l()],
      () => ['lmpop', num(), l(), ...opt(l()), this.pick(['left', 'right', 'x']), ...opt('count', num())],
    ]
  }
  private sets(): (() => string[])[] {
    const { opt, num, el, some } = this
    const t = (): string => this.of(SETS)
    return [
      () => ['sadd', t(), ...some(el)],
      () => ['sadd', t(), ...some(() => `${this.rng.below(100000)}`, 8)],
      () => ['srem', t(), ...some(el)],
      () => ['smove', t(), t(), el()],
      () => [this.pick(['sismember', 'smismember']), t(), el()],
      () => ['scard', t()],
      () => ['smembers', t()],
      () => [this.pick(['sinter', 'sunion', 'sdiff']), ...some(t)],
      () => [this.pick(['sinterstore', 'sunionstore', 'sdiffstore']), this.pick(['d', 't3']), ...some(t)],
      () => ['sintercard', num(), ...some(t), ...opt('limit', num())],
      () => [this.pick(['spop', 'srandmember']), 'never', ...opt(num())],
      () => ['sscan', t(), '0', 'count', '1000', ...opt('match', this.pick(['*', '1*', 'm?']))],
    ]
  }
  private zsets(): (() => string[])[] {
    const { opt, num, el, some, small, score, bound, lex } = this
    const z = (): string => this.of(ZSETS)
    const q = (): string => this.pick(['q1', 'q2'])
    return [
      () => [
        'zadd',
        z(),
        ...opt(this.pick(['nx', 'xx'])),
        ...opt(this.pick(['gt', 'lt'])),
        ...opt('ch'),
        ...(this.rng.below(8) ? [] : ['incr']),
        ...this.pairs(score, el),
      ],
      () => ['zadd', z(), ...this.pairs(small, () => `m${this.rng.below(300)}`, 9)],
      () => ['zincrby', z(), score(), el()],
      () => ['zrem', z(), ...some(el)],
      () => [this.pick(['zscore', 'zrank', 'zrevrank']), z(), el()],
      () => ['zmscore', z(), ...some(el)],
      () => ['zcard', z()],
      () => ['zcount', z(), bound(), bound()],
      () => ['zlexcount', q(), lex(), lex()],
      () => ['zrange', z(), num(), num(), ...opt('rev'), ...opt('withscores')],
      () => [
        'zrange',
        z(),
        bound(),
        bound(),
        'byscore',
        ...opt('rev'),
        ...opt('withscores'),
        ...opt('limit', small(), small()),
      ],
      () => ['zrange', q(), lex(), lex(), 'bylex', ...opt('rev'), ...opt('limit', small(), num())],
      () => [
        this.pick(['zrangebyscore', 'zrevrangebyscore']),
        z(),
        bound(),
        bound(),
        ...opt('withscores'),
        ...opt('limit', small(), small()),
      ],
      () => [this.pick(['zrangebylex', 'zrevrangebylex']), q(), lex(), lex()],
      () => ['zrevrange', z(), num(), num(), ...opt('withscores')],
      () => ['zrangestore', this.pick(['d', 'z3']), z(), num(), num(), ...opt('rev')],
      () => ['zremrangebyrank', z(), small(), small()],
      () => ['zremrangebyscore', z(), bound(), '(1'],
      () => ['zremrangebylex', q(), lex(), '[c'],
      () => ['zadd', q(), ...this.pairs(() => '0', el, 9)],
      () => [this.pick(['zpopmin', 'zpopmax']), z(), ...opt(num())],
      () => ['zmpop', num(), z(), ...opt(z()), this.pick(['min', 'max', 'x']), ...opt('count', num())],
      () => [
        this.pick(['zunion', 'zinter']),
        '2',
        this.pick([...ZSETS, ...SETS]),
        z(),
        ...opt('weights', score(), '2'),
        ...opt('aggregate', this.pick(['min', 'max', 'q'])),
        ...opt('withscores'),
      ],
      () => ['zdiff', '2', z(), z(), ...opt('withscores')],
      () => [this.pick(['zunionstore', 'zinterstore', 'zdiffstore']), 'd', '2', z(), z()],
      () => ['zintercard', this.pick(['1', '2', '0']), z(), z(), ...opt('limit', num())],
      () => ['zrandmember', 'absent', ...opt(num())],
      () => ['zscan', q(), '0', 'count', '1000'],
    ]
  }
  private bits(): (() => string[])[] {
    const { opt, num, some, small } = this
    const s = (): string => this.of(STRINGS)
    const type = (): string => this.pick(['u8', 'i8', 'u4', 'i64', 'u63', 'u64', 'i16', 'x'])
    const at = (): string => this.pick(['0', '1', '#1', '#2', '7', '100', '-1', 'x'])
    return [
      () => ['setbit', s(), this.pick(['0', '7', '100', '-1', 'x', '4294967296']), this.pick(['0', '1', '2'])],
      () => ['getbit', s(), num()],
      () => ['bitcount', s(), ...opt(num(), num()), ...opt(this.pick(['bit', 'byte']))],
      () => [
        'bitpos',
        s(),
        this.pick(['0', '1', '2']),
        ...opt(num()),
        ...opt(num()),
        ...opt(this.pick(['bit', 'byte'])),
      ],
      () => ['bitop', this.pick(['and', 'or', 'xor', 'not', 'x']), 'd', ...some(s, 3)],
      () => [
        'bitfield',
        s(),
        ...opt('overflow', this.pick(['wrap', 'sat', 'fail', 'x'])),
        'incrby',
        type(),
        at(),
        num(),
        ...opt('get', type(), at()),
        ...opt('set', type(), at(), small()),
      ],
      () => ['bitfield_ro', s(), 'get', type(), at()],
    ]
  }
  private hyperloglogs(): (() => string[])[] {
    const { some } = this
    const p = (): string => this.of(HLLS)
    const ele = (): string => `e${this.rng.below(this.pick([10, 1000, 1000000]))}`
    return [
      () => ['pfadd', p(), ...some(ele, this.pick([1, 4, 300]))],
      () => ['pfcount', p()],
      () => ['pfcount', p(), p(), p()],
      () => ['pfmerge', p(), ...(this.rng.below(3) ? [p()] : [])],
      () => ['pfdebug', this.pick(['encoding', 'decode', 'todense', 'x']), p()],
      () => [this.pick(['get', 'strlen']), p()],
      () => ['object', 'encoding', p()],
      () => ['config', 'set', 'hll-sparse-max-bytes', this.pick(['3000', '3000', '100', '20'])],
    ]
  }
  /** Not STOREDIST: the last digit of a distance is the C library's. */
  private geos(): (() => string[])[] {
    const { opt, num, some } = this
    const g = (): string => this.of(GEOS)
    const lon = (): string => this.pick(['13.361389', '15.087269', '0', '179.9', '-179.95', '180', '-0.1', '181', 'x'])
    const lat = (): string => this.pick(['38.115556', '37.502669', '0', '84.9', '-85', '85.05112878', '0.01', '86'])
    const m = (): string => `m${this.rng.below(40)}`
    const unit = (): string => this.pick(['m', 'km', 'ft', 'mi', 'KM', 'x'])
    const size = (): string => this.pick(['0', '1', '200', '5000.5', '30000', '1e7', '-1', 'x'])
    const from = (): string[] => (this.rng.below(2) ? ['frommember', m()] : ['fromlonlat', lon(), lat()])
    const by = (): string[] => (this.rng.below(2) ? ['byradius', size(), unit()] : ['bybox', size(), size(), unit()])
    const shown = (): string[] => [
      ...opt('withdist'),
      ...opt('withhash'),
      ...opt('withcoord'),
      ...opt(this.pick(['asc', 'desc'])),
      ...opt('count', num(), ...opt('any')),
    ]
    const legacy = (): string[] => (this.rng.below(4) ? shown() : ['store', 'd'])
    return [
      () => [
        'geoadd',
        g(),
        ...opt(this.pick(['nx', 'xx', 'ch'])),
        ...some(() => '', 4).flatMap(() => [lon(), lat(), m()]),
      ],
      () => [
        'geoadd',
        g(),
        ...some(() => '', 9).flatMap(() => [`${this.rng.float() * 30}`, `${this.rng.float() * 60}`, m()]),
      ],
      () => ['geodist', g(), m(), m(), ...opt(unit())],
      () => [this.pick(['geohash', 'geopos']), g(), ...some(m)],
      () => ['geosearch', g(), ...from(), ...by(), ...shown()],
      () => ['geosearchstore', this.pick(['d', 'g2']), g(), ...from(), ...by(), ...opt('asc', 'count', num())],
      () => [this.pick(['georadius', 'georadius_ro']), g(), lon(), lat(), size(), unit(), ...legacy()],
      () => [this.pick(['georadiusbymember', 'georadiusbymember_ro']), g(), m(), size(), unit(), ...legacy()],
      () => ['zrange', g(), '0', '-1', 'withscores'],
    ]
  }
  private rest(): (() => string[])[] {
    return [
      () => ['multi'],
      () => ['exec'],
      () => ['exec'],
      () => ['exec'],
      () => ['discard'],
      () => ['watch', this.pick(ALL)],
      () => ['unwatch'],
      () => ['ping'],
      () => ['echo', this.el()],
      () => ['publish', 'c', 'm'],
      () => ['pubsub', 'channels'],
      () => ['pubsub', 'numsub', 'a'],
      () => ['nosuch', this.el()],
      () => ['client', 'getname'],
      () => ['client', 'setname', this.pick(['me', 'a b', ''])],
      () => ['config', 'get', this.pick(['maxmemory', 'absent'])],
      () => ['command', 'getkeys', ...this.next()],
      () => ['select', this.pick(['0', '0', '0', '99', 'x'])],
      () => ['wait', '0', '0'],
      () => ['blpop', 'nope', 'x'],
    ]
  }
}
