// What addresses lead to, by table and by property: every way to write an address is that address.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { placeOf, type Place } from './addresses.ts';

const TABLE: Readonly<Record<Place, readonly string[]>> = {
  public: [
    '1.1.1.1', '8.8.8.8', '93.184.216.34', '100.63.255.255', '100.128.0.1', '172.15.255.255', '172.32.0.1', '192.0.1.1',
    '169.253.1.1', '169.255.1.1', '223.255.255.255', '2606:4700::1111', '2a00:1450:4001::8', '64:ff9b::808:808', '::ffff:8.8.8.8',
    '2001:200::1', '2001:4860:4860::8888',
  ],
  private: ['10.0.0.1', '172.16.0.1', '172.31.255.255', '192.168.1.1', '100.64.0.1', '100.127.255.255', 'fd7a:115c:a1e0::1', 'fc00::1', '::ffff:10.0.0.1', '::ffff:a00:1'],
  loopback: ['127.0.0.1', '127.1.2.3', '127.255.255.255', '::1', '0:0:0:0:0:0:0:1', '::ffff:127.0.0.1', '::ffff:7f00:1'],
  never: [
    '0.0.0.0', '0.1.2.3', '169.254.169.254', '169.254.0.1', '100.100.100.200', '168.63.129.16', '192.0.0.192', '192.0.2.1',
    '198.18.0.1', '198.51.100.7', '203.0.113.9', '224.0.0.251', '239.255.255.250', '240.0.0.1', '255.255.255.255', '192.88.99.1',
    '::', 'fe80::1', 'febf::1', 'fec0::1', 'ff02::fb', 'fd00:ec2::254', 'fd20:ce::254', '2001:db8::1', '2002:7f00:1::', '2001::1',
    '2001:20::1', '::127.0.0.1', '::7f00:1', '64:ff9b::7f00:1', '64:ff9b::a9fe:a9fe', '64:ff9b::10.0.0.1', '64:ff9b:1::1', '100::1',
    '::ffff:169.254.169.254', '::ffff:0:127.0.0.1', '3fff::1', '5f00::1', '4000::1', 'fe80::1%lo', '::1%lo', '127.1', '0x7f.1',
    'localhost', '', '1.2.3', '256.1.1.1', '01.2.3.4',
  ],
}; // prettier-ignore

describe('addresses', () => {
  for (const place of ['public', 'private', 'loopback', 'never'] as const)
    it(`${place}: every one of the table`, () => {
      for (const address of TABLE[place]) assert.equal(placeOf(address), place, address);
    });

  it('an address is the same written as IPv6 in hex, dotted or in full (property)', () => {
    const byte = fc.integer({ min: 0, max: 255 });
    fc.assert(
      fc.property(fc.tuple(byte, byte, byte, byte), ([a, b, c, d]) => {
        const dotted = [a, b, c, d].join('.');
        const hex = `${((a << 8) | b).toString(16)}:${((c << 8) | d).toString(16)}`;
        const place = placeOf(dotted);
        for (const text of [
          `::ffff:${dotted}`,
          `::FFFF:${hex}`,
          `0:0:0:0:0:ffff:${hex}`,
          `0000::ffff:${hex}`,
        ])
          assert.equal(placeOf(text), place, text);
        for (const text of [`64:ff9b::${dotted}`, `64:ff9b:0:0:0:0:${hex}`])
          assert.equal(placeOf(text), place === 'public' ? 'public' : 'never', text);
        for (const text of [`::${dotted}`, `2002:${hex}::1`, `::ffff:0:${dotted}`])
          if (a > 0) assert.equal(placeOf(text), 'never', text);
      }),
      { numRuns: 2_000 },
    );
  });

  it('never throws, whatever it is asked', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.ipV4Extended(), fc.ipV6()), (text) => {
        placeOf(text);
      }),
      { numRuns: 2_000 },
    );
  });
});
