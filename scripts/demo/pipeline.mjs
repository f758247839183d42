/**
 * What the invented team did to its data: filter a crawl, then turn it into a training and an evaluation set. The
 * recorded steps of the demo say the same, with the same parameters.
 */

export const FILTER = { minScore: 2, stripHtml: true, deduplicate: 'question-and-answer' };
export const MAP = { layout: 'instruction-response, or messages', holdOutEvery: 11 };

/** @returns the cleaned records, in order */
export function clean(crawl) {
  const seen = new Set();
  return crawl.flatMap(({ url, source, license, added, score, title, html, posts }) => {
    if (score < FILTER.minScore) return [];
    const text = posts
      ? { turns: posts.map((post) => ({ by: post.by, text: plainText(post.html) })) }
      : { question: title, answer: plainText(html) };
    const key = JSON.stringify(text);
    if (seen.has(key)) return [];
    seen.add(key);
    return [{ url, source, license, added, ...text }];
  });
}

/** @returns the training samples and those held out for evaluation, in order */
export function split(cleaned) {
  const samples = cleaned.map(toSample);
  const isHeldOut = (_, index) => (index + 1) % MAP.holdOutEvery === 0;
  return {
    train: samples.filter((sample, index) => !isHeldOut(sample, index)),
    evaluation: samples.filter(isHeldOut),
  };
}

function toSample({ url, source, license, added, question, answer, turns }) {
  const text = turns
    ? { messages: turns.map((turn) => ({ role: ROLES[turn.by], content: turn.text })) }
    : { instruction: question, response: answer };
  return { ...text, source, url, license, added };
}

const ROLES = { asker: 'user', helper: 'assistant' };

const ENTITIES = { nbsp: ' ', amp: '&', lt: '<', gt: '>', quot: '"', '#39': "'" };

/** Good enough for the markup of the demo's crawl; not for the web. */
function plainText(html) {
  return html
    .replace(/<!--.*?-->|<(script|aside)\b.*?<\/\1>|<span class="edited">.*?<\/span>/gs, '')
    .replace(/<br>/g, '\n')
    .replace(/<li>/g, '- ')
    .replace(/<\/li>/g, '\n')
    .replace(/<\/(p|ul|ol|div)>/g, '\n\n')
    .replace(/<[^>]*>/g, '')
    .replace(/&(nbsp|amp|lt|gt|quot|#39);/g, (_, name) => ENTITIES[name])
    .replace(/\n{3,}/g, '\n\n')
    .trim();
}
