import { VisuallyHidden } from "@mantine/core";
import { IconArrowBackUp, IconCopy, IconExternalLink, IconFile, IconPhone, IconPhoto, IconVideo } from "@tabler/icons-react";
import { graphql, useFragment } from "react-relay";

import { Cut } from "../../components/cut";
import { wordOf } from "../../format/words";
import { useTexts } from "../../texts/texts";
import type { templatePreview_template$key } from "../../__generated__/templatePreview_template.graphql";
import { fill, valueOf, type Binding, type Piece } from "./fill_template";
import classes from "./template_preview.module.css";

const MEDIA_ICONS = { IMAGE: IconPhoto, VIDEO: IconVideo, DOCUMENT: IconFile };
const BUTTON_ICONS = {
  URL: IconExternalLink,
  QUICK_REPLY: IconArrowBackUp,
  COPY_CODE: IconCopy,
  PHONE_NUMBER: IconPhone,
  VOICE_CALL: IconPhone,
};

const NO_VALUES = {};

/** What has its place, and is drawn when it is known for whom: else its words would move. */
export const AWAITED = { visibility: "hidden" } as const;

/** The message as WhatsApp shows it, filled for the contact whose fields are `values`; they are undefined until it is known who that is. */
export function TemplatePreview({
  template: key,
  bindings,
  values: known,
}: {
  template: templatePreview_template$key;
  bindings: readonly Binding[];
  values: Readonly<Record<string, string>> | undefined;
}) {
  const t = useTexts().broadcasts;
  const template = useFragment(
    graphql`
      fragment templatePreview_template on MessageTemplate {
        header {
          format
          text
        }
        body
        footer
        buttons {
          kind
          text
        }
      }
    `,
    key,
  );
  const { header } = template;
  const values = known ?? NO_VALUES;
  return (
    <div className={classes.phone} style={known ? undefined : AWAITED}>
      <div className={classes.bubble} role="figure" aria-label={t.preview}>
        {header && header.format !== "TEXT" && <Media format={header.format} bindings={bindings} values={values} />}
        <div className={classes.inner}>
          {header?.text && (
            <div className={classes.header}>
              <Pieces pieces={fill(header.text, bindings, values, "header.")} />
            </div>
          )}
          <div className={classes.body}>
            <Pieces pieces={fill(template.body, bindings, values)} />
          </div>
          {template.footer && <div className={classes.footer}>{template.footer}</div>}
        </div>
        {template.buttons.map((button, index) => {
          const Icon = BUTTON_ICONS[button.kind as keyof typeof BUTTON_ICONS] ?? IconArrowBackUp;
          return (
            <div key={`${index} ${button.text}`} className={classes.button}>
              <Icon size={16} aria-hidden />
              {button.text}
            </div>
          );
        })}
      </div>
    </div>
  );
}

function Media({ format, bindings, values }: { format: string; bindings: readonly Binding[]; values: Readonly<Record<string, string>> }) {
  const t = useTexts().broadcasts;
  const Icon = MEDIA_ICONS[format as keyof typeof MEDIA_ICONS] ?? IconFile;
  const name = `header.${format.toLowerCase()}`;
  const value = valueOf(
    bindings.find((binding) => binding.name === name),
    values,
  );
  return (
    <div className={classes.media}>
      <Icon size={28} aria-hidden />
      <Cut span size="sm" maw={240} title={value ?? undefined}>
        {value?.split("/").at(-1) ?? wordOf(t.media, format)}
      </Cut>
    </div>
  );
}

function Pieces({ pieces }: { pieces: readonly Piece[] }) {
  const t = useTexts().broadcasts;
  return pieces.map((piece, index) => {
    const key = `${index} ${piece.text}`;
    if (piece.kind === "plain") return <span key={key}>{piece.text}</span>;
    if (piece.kind === "filled") {
      return (
        <span key={key} className={classes.filled}>
          {piece.text}
        </span>
      );
    }
    return (
      <span key={key} className={classes.missing} title={t.missing}>
        {piece.text}
        <VisuallyHidden> ({t.missing})</VisuallyHidden>
      </span>
    );
  });
}
