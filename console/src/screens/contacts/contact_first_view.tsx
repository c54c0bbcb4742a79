import { AwaitedPlace } from "../../components/awaited_place";
import type { Kit } from "../../components/kit";
import { Screen } from "../../components/screen";
import { AwaitedContent } from "../../frame/awaited_screen";
import type { FirstView } from "../../frame/first_view";
import type { Catalogue } from "../../texts/en";
import type { contactPageQuery$data } from "../../__generated__/contactPageQuery.graphql";
import classes from "./contact_head.module.css";

type Contact = Pick<NonNullable<contactPageQuery$data["contact"]>, "name" | "email" | "phone" | "anonymous" | "createdAt">;

export const firstView: FirstView<{ contact: Contact | null }> = ({ kit, may, data: { contact } }) => {
  if (!contact) return null;
  const hasActions = may("CONTACT_WRITE") || may("ACTIVITY_WRITE") || may("CONTACT_EXPORT");
  return (
    <Screen title={titleOf(kit.t, contact)} lead={<Lead kit={kit} contact={contact} />} actions={hasActions && <AwaitedPlace style={{ width: 34, height: 34 }} />}>
      <AwaitedContent texts={kit.t.common} />
    </Screen>
  );
};

/** What a contact is called. */
export function titleOf(t: Catalogue, { name, email, phone }: Contact): string {
  return name ?? email ?? phone ?? t.contacts.nameless;
}

export function Lead({ kit, contact }: { kit: Kit; contact: Contact }) {
  const t = kit.t.contacts.page;
  return (
    <span className={classes.lead}>
      <kit.Link path="/contacts">{kit.t.contacts.title}</kit.Link>
      <span aria-hidden>·</span>
      {contact.anonymous && (
        <>
          <span>{t.anonymous}</span>
          <span aria-hidden>·</span>
        </>
      )}
      <span>
        {t.created} <kit.Moment at={contact.createdAt} />
      </span>
    </span>
  );
}
