/** Widths of text, so that boxes are laid out before they are drawn. */
export class TextMeasure {
  private readonly context = document.createElement('canvas').getContext('2d');
  private readonly widths = new Map<string, number>();
  private family = '';

  /** Takes the font of the page anew: the user may have chosen another. */
  refresh(): void {
    const { fontFamily } = getComputedStyle(document.body);
    if (fontFamily === this.family) return;
    this.family = fontFamily;
    this.widths.clear();
  }

  /** Width in pixels. */
  width(text: string, size: number, bold = false): number {
    const key = `${size}${bold ? 'b' : ''} ${text}`;
    const known = this.widths.get(key);
    if (known !== undefined) return known;
    if (!this.context) return text.length * size * 0.6;
    this.context.font = `${bold ? '600 ' : ''}${size}px ${this.family || 'sans-serif'}`;
    const { width } = this.context.measureText(text);
    if (this.widths.size > 20_000) this.widths.clear();
    this.widths.set(key, width);
    return width;
  }

  /** The text as far as it fits; what is left out is left out at the end, or in the middle: file names differ there. */
  fitted(text: string, room: number, size: number, bold = false, cut: 'end' | 'middle' = 'end'): string {
    if (this.width(text, size, bold) <= room) return text;
    const characters = [...text];
    let [low, high] = [0, characters.length];
    const shortened = (kept: number) => {
      if (cut === 'end') return `${characters.slice(0, kept).join('').trimEnd()}…`;
      const tail = Math.floor(kept * 0.45);
      return `${characters.slice(0, kept - tail).join('')}…${tail > 0 ? characters.slice(-tail).join('') : ''}`;
    };
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if (this.width(shortened(middle), size, bold) <= room) low = middle;
      else high = middle - 1;
    }
    return shortened(low);
  }
}
