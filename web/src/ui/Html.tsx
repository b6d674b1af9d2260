import createDOMPurify from 'dompurify';
import { useMemo } from 'react';
import classes from './Html.module.css';

const purify = createDOMPurify(window);

// Links of strangers open in their own tab and learn nothing of this page.
purify.addHook('afterSanitizeAttributes', node => {
  if (node.nodeName === 'A') {
    node.setAttribute('target', '_blank');
    node.setAttribute('rel', 'noopener noreferrer nofollow');
  }
  if (node.nodeName === 'IMG') {
    node.setAttribute('referrerpolicy', 'no-referrer');
    node.setAttribute('loading', 'lazy');
    node.setAttribute('alt', node.getAttribute('alt') ?? '');
  }
});

/** Cleans the HTML of strangers: simple text mark-up, links and images; nothing that runs or styles. */
export function sanitise(html: string): string {
  return purify.sanitize(html, {
    ALLOWED_TAGS: [
      ...['p', 'br', 'div', 'span', 'b', 'strong', 'i', 'em', 'u', 's', 'a', 'img', 'ul', 'ol', 'li', 'blockquote'],
      ...['pre', 'code', 'h1', 'h2', 'h3', 'h4', 'hr', 'table', 'thead', 'tbody', 'tr', 'th', 'td'],
    ],
    ALLOWED_ATTR: ['href', 'src', 'alt', 'width', 'height', 'colspan', 'rowspan'],
    ALLOWED_URI_REGEXP: /^(?:https?:|mailto:|tel:|\/(?!\/))/i,
    ALLOW_DATA_ATTR: false,
    ALLOW_ARIA_ATTR: false,
  });
}

/** Shows HTML of strangers, cleaned. */
export function Html({ html }: { html: string }) {
  const clean = useMemo(() => sanitise(html), [html]);
  // biome-ignore lint/security/noDangerouslySetInnerHtml: sanitised in the line above
  return <div className={classes.html} dangerouslySetInnerHTML={{ __html: clean }} />;
}
