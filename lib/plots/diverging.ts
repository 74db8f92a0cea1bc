/** The colour of a signed byte: 128 is near white, less is blue, more is orange. */
export function diverging(byte: number): [red: number, green: number, blue: number] {
  const amount = Math.min(1, Math.abs(byte - 128) / 127);
  const [r, g, b] = byte < 128 ? [31, 99, 181] : [214, 95, 14];
  const mix = (colour: number) => Math.round(245 + (colour - 245) * amount);
  return [mix(r), mix(g), mix(b)];
}
