//! A page of the chat's documentation, made of its Markdown.

use pulldown_cmark::{CowStr, Event, HeadingLevel, Options, Parser, Tag, TagEnd, html};

pub(crate) fn page(markdown: &str) -> String {
    let mut events = Vec::new();
    let mut leads_nowhere = false;
    for event in Parser::new_ext(markdown, Options::ENABLE_TABLES) {
        match event {
            // HTML in the documents is only comments for their editors.
            Event::Html(_) | Event::InlineHtml(_) => {}
            Event::Start(Tag::HtmlBlock) | Event::End(TagEnd::HtmlBlock) => {}
            Event::Start(Tag::Link { .. }) | Event::End(TagEnd::Link) => {
                events.extend(served(event, &mut leads_nowhere));
            }
            // Wider than a phone, it is moved by itself.
            Event::Start(Tag::Table(_)) => {
                events.extend([Event::Html("<div class=\"scroll\">".into()), event]);
            }
            Event::End(TagEnd::Table) => events.extend([event, Event::Html("</div>".into())]),
            other => events.push(other),
        }
    }
    let title = name_headings(&mut events);
    let mut body = String::new();
    html::push_html(&mut body, events.into_iter());
    framed(&title, &body)
}

fn framed(title: &str, body: &str) -> String {
    let escaped = escaped(title);
    format!(
        "<!doctype html>\n\
         <html lang=\"en\">\n\
         <head>\n\
         <meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n\
         <title>{escaped} - ABU Alumni Connect</title>\n\
         <link rel=\"icon\" href=\"/console/icon.svg\" type=\"image/svg+xml\">\n\
         <link rel=\"stylesheet\" href=\"/console/theme.css\">\n\
         <link rel=\"stylesheet\" href=\"/console/document.css\">\n\
         </head>\n\
         <body>\n\
         <header class=\"bar\">\n\
         <nav aria-label=\"Documentation\">\n\
         <a href=\"/console\">Console</a>\n\
         <a href=\"/console/guide\">Guide</a>\n\
         <a href=\"/console/packets\">Packets</a>\n\
         <a href=\"/docs\">REST API</a>\n\
         </nav>\n\
         </header>\n\
         <main>\n{body}</main>\n\
         </body>\n\
         </html>\n"
    )
}

/// Text as HTML shows it.
pub(crate) fn escaped(text: &str) -> String {
    let mut escaped = String::new();
    html::push_html(&mut escaped, [Event::Text(text.into())].into_iter());
    escaped
}

/// The begin or the end of a link, where it leads to something that is served.
fn served<'a>(event: Event<'a>, leads_nowhere: &mut bool) -> Option<Event<'a>> {
    let Event::Start(Tag::Link {
        link_type,
        dest_url,
        title,
        id,
    }) = event
    else {
        return (!*leads_nowhere).then_some(event);
    };
    let address = address(&dest_url);
    *leads_nowhere = address.is_none();
    Some(Event::Start(Tag::Link {
        link_type,
        dest_url: address?.into(),
        title,
        id,
    }))
}

/// Where a link leads from here: the guide and the reference are served, the files beside them are not.
fn address(link: &str) -> Option<String> {
    if link.starts_with('#') || link.contains("://") {
        return Some(link.to_owned());
    }
    let file = link.split('#').next().unwrap_or_default();
    let anchor = &link[file.len()..];
    match file.rsplit('/').next() {
        Some("reference.md") => Some(format!("/console/packets{anchor}")),
        Some("chat-protocol.md") => Some(format!("/console/guide{anchor}")),
        _ => None,
    }
}

/// Gives every heading the name by which links find it; returns the page's title.
fn name_headings(events: &mut [Event<'_>]) -> String {
    let mut page_title = String::new();
    for start in 0..events.len() {
        let (before, after) = events.split_at_mut(start + 1);
        let Some(Event::Start(Tag::Heading { level, id, .. })) = before.last_mut() else {
            continue;
        };
        let words = words(after);
        *id = Some(CowStr::from(anchor(&words)));
        if *level == HeadingLevel::H1 {
            page_title = words;
        }
    }
    page_title
}

/// The text up to the end of the heading that just began.
fn words(events: &[Event<'_>]) -> String {
    let heading = events
        .iter()
        .take_while(|event| !matches!(event, Event::End(TagEnd::Heading(_))));
    heading
        .filter_map(|event| match event {
            Event::Text(text) | Event::Code(text) => Some(&**text),
            _ => None,
        })
        .collect()
}

/// As the places that show the Markdown make it, for which its links are written.
fn anchor(words: &str) -> String {
    words
        .to_lowercase()
        .chars()
        .filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'))
        .map(|c| if c == ' ' { '-' } else { c })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headings_are_found_by_the_links_that_markdown_has_for_them() {
        let page = page("# A & B\n\n## `message-send`\n\n## When it ends\n");
        assert!(page.contains("<title>A &amp; B - ABU"), "{page}");
        assert!(page.contains("<h2 id=\"message-send\"><code>message-send</code></h2>"));
        assert!(page.contains("<h2 id=\"when-it-ends\">"));
    }

    #[test]
    fn links_lead_to_what_is_served_and_the_words_of_others_stay() {
        let page = page(
            "[a](#x) [b](../chat-protocol.md) [c](protocol/reference.md#error) [d](accounts.md) [e](json-schema)\n",
        );
        for link in [
            "<a href=\"#x\">a</a>",
            "<a href=\"/console/guide\">b</a>",
            "<a href=\"/console/packets#error\">c</a> d e</p>",
        ] {
            assert!(page.contains(link), "{link}\n{page}");
        }
    }

    #[test]
    fn markup_in_the_markdown_does_not_come_through() {
        let page = page("<!-- a note -->\n\n# T\n\n<script>x</script> <b>y</b>\n");
        assert!(!page.contains("note") && !page.contains("<script>") && !page.contains("<b>"));
    }
}
