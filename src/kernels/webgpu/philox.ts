/** Philox4x32-10 in WGSL, for kernels whose random numbers have names. */

/** `philox` of counter and key, bit for bit as in src/data/philox.ts. */
export const PHILOX = `
fn mulHigh(a : u32, b : u32) -> u32 {
  let low = (a & 0xffffu) * (b & 0xffffu);
  let middle = (a >> 16u) * (b & 0xffffu) + (low >> 16u);
  let cross = (a & 0xffffu) * (b >> 16u) + (middle & 0xffffu);
  return (a >> 16u) * (b >> 16u) + (middle >> 16u) + (cross >> 16u);
}
fn philox(given : vec4<u32>, givenKey : vec2<u32>) -> vec4<u32> {
  var c = given;
  var k = givenKey;
  for (var round = 0; round < 10; round++) {
    c = vec4<u32>(
      mulHigh(0xcd9e8d57u, c.z) ^ c.y ^ k.x, 0xcd9e8d57u * c.z,
      mulHigh(0xd2511f53u, c.x) ^ c.w ^ k.y, 0xd2511f53u * c.x);
    k += vec2<u32>(0x9e3779b9u, 0xbb67ae85u);
  }
  return c;
}`;
