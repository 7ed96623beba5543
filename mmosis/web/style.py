"""Style of the page: fonts of the reader's own system, one accent, two columns that fold to one."""

import gradio as gr

FONTS = [gr.themes.Font(name) for name in ('ui-sans-serif', 'system-ui', 'sans-serif')]
MONO = [gr.themes.Font(name) for name in ('ui-monospace', 'monospace')]


def make_theme() -> gr.themes.Base:
    """Make the theme."""
    return gr.themes.Base(
        primary_hue='indigo', neutral_hue='slate', radius_size='md', text_size='md', font=FONTS, font_mono=MONO
    ).set(
        body_background_fill='*neutral_50',
        body_background_fill_dark='*neutral_950',
        body_text_color_subdued='*neutral_600',
        body_text_color_subdued_dark='*neutral_400',
        block_border_width='0px',
        button_primary_background_fill='*primary_600',
        button_primary_background_fill_hover='*primary_700',
        button_primary_text_color='white',
    )


CSS = """
.gradio-container { box-sizing: border-box; max-width: 1240px !important; margin: 0 auto !important; }
.gradio-container main, .gradio-container .app { padding: 0 !important; }
.gradio-container { padding: 20px !important; }
.html-container, .html-container .prose { padding: 0 !important; }
.head h1 { font-size: 26px; font-weight: 650; letter-spacing: -0.02em; margin: 0; }
.head p { margin: 2px 0 0; color: var(--body-text-color-subdued); }
.card { background: var(--block-background-fill); border: 1px solid var(--border-color-primary);
  border-radius: 12px; padding: 16px !important; gap: 12px !important; }
.card h2 { font-size: 16px; font-weight: 600; margin: 0; }
.hint, .line { color: var(--body-text-color-subdued); font-size: 13px; line-height: 1.45; }
.chips { display: flex; flex-wrap: wrap; gap: 8px; margin-bottom: 6px; }
.chip { display: inline-flex; align-items: center; gap: 8px; max-width: 100%; padding: 4px 12px; border-radius: 99px;
  border: 1px solid var(--border-color-primary); overflow-wrap: anywhere; }
.chip i { width: 12px; height: 12px; border-radius: 99px; flex: none; }

/* One line instead of gradio's four. */
.drop { border: 1px dashed var(--neutral-400) !important; }
.drop > label, .drop .or, .drop .icon-wrap { display: none !important; }
.drop [data-testid="upload-text"] { min-height: 0; padding: 0; font-size: 0; justify-content: center; }
.drop [data-testid="upload-text"]::after { content: 'Drop images here, or click'; font-size: 14px; }

.strip .grid-wrap { height: auto !important; min-height: 0 !important; max-height: 196px; padding: 2px !important; }
.strip .grid-container { grid-template-columns: repeat(auto-fill, 84px) !important; gap: 8px; padding: 0; }
.strip .caption-label { max-width: 100%; inset-inline: auto 0; padding: 1px 6px; font-size: 11px; }
.strip .thumbnail-item.selected { box-shadow: 0 0 0 2px var(--primary-500) !important; }
#examples { background: none; }
#examples .grid-container { display: flex; }
#examples .gallery-item { width: 84px; }
.head.examples, #examples .grid-container { text-align: end; justify-content: end; }

#reference-name, #reference-negative, #threshold, #mode { padding: 0 0 4px !important; }
#reference-editor { gap: 12px; }
.bar { align-items: center; gap: 12px 24px; }
button[role='tab'][aria-selected='true'] { color: var(--primary-700) !important; }
.dark button[role='tab'][aria-selected='true'] { color: var(--primary-300) !important; }
#result .image-frame, #result button:has(img) { width: 100%; }
#result img { width: 100%; max-height: 72vh; object-fit: contain; }

.canvas .stage { position: relative; width: fit-content; max-width: 100%; margin: 0 auto; line-height: 0;
  cursor: crosshair; touch-action: pinch-zoom; }
.canvas .stage:focus-visible { outline: 2px solid var(--primary-500); outline-offset: 2px; }
.canvas .stage img { display: block; max-width: 100%; max-height: 72vh; user-select: none; }
.canvas .box { position: absolute; box-sizing: border-box; border: 2px solid #ff7a00; background: #ff7a0026;
  box-shadow: 0 0 0 1px #fff; pointer-events: none; }
.canvas .box i { position: absolute; width: 10px; height: 10px; margin: -6px; background: #ff7a00; }
.canvas .box i:nth-child(2n) { right: 0; }
.canvas .box i:nth-child(n + 3) { bottom: 0; }
.canvas .corners { display: flex; flex-wrap: wrap; align-items: center; gap: 6px; margin: 8px 0 4px; font-size: 13px; }
.canvas .corners label { display: flex; flex: 1 1 56px; min-width: 0; max-width: 86px; align-items: center; gap: 4px; }
.canvas .corners input { width: 100%; min-width: 0; padding: 3px 4px; font-size: 13px; border-radius: 6px;
  border: 1px solid var(--border-color-primary); background: var(--input-background-fill);
  color: var(--body-text-color); appearance: textfield; }
.canvas .corners input::-webkit-inner-spin-button { display: none; }
.canvas .corners input[aria-invalid='true'] { border-color: var(--error-border-color); }
.canvas .corners button { padding: 3px 10px; border-radius: 6px; background: var(--button-secondary-background-fill);
  color: var(--button-secondary-text-color); }

/* Not over the examples. */
.toast-wrap { top: auto !important; bottom: 16px; }

@media (max-width: 700px) {
  .gradio-container { padding: 12px !important; }
  .card { padding: 12px !important; }
  .head.examples, #examples .grid-container { text-align: start; justify-content: start; }
}
"""
