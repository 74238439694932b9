//! Rendering of the application state.

use std::time::Instant;

use ratatui::{
    Frame,
    layout::{Constraint, Layout, Position, Rect},
    style::{Color, Style, Stylize},
    text::{Line, Span},
    widgets::{Block, Borders, Paragraph},
};

use crate::{
    app::{App, Connection},
    help, hints,
    room::{Members, Room},
    text,
    transcript::Transcript,
};

/// Screens below this width hide the room list.
const NARROW: u16 = 50;

/// The maximum width of the room list, including its border.
const LIST: u16 = 28;

const NAMED: usize = 10;

const PROMPT: &str = "> ";

/// The screen layout.
struct Areas {
    banner: Rect,
    list: Rect,
    header: Rect,
    messages: Rect,
    typing: Rect,
    intent: Rect,
    composer: Rect,
    status: Rect,
}

impl Areas {
    fn of(screen: Rect, app: &App) -> Self {
        let banner = u16::from(*app.connection() != Connection::Connected);
        let status = hints::status(app, screen.width.into()).len();
        let rows = [
            Constraint::Length(banner),
            Constraint::Min(4),
            Constraint::Length(u16::try_from(status).unwrap_or(1)),
        ];
        let [banner, middle, status] = Layout::vertical(rows).areas(screen);
        let list = if screen.width < NARROW {
            0
        } else {
            LIST.min(screen.width / 3)
        };
        let columns = [Constraint::Length(list), Constraint::Min(1)];
        let [list, right] = Layout::horizontal(columns).areas(middle);
        let intent = u16::from(hints::intent(app, right.width.into()).is_some());
        let rows = [
            Constraint::Length(1),
            Constraint::Min(1),
            Constraint::Length(1),
            Constraint::Length(intent),
            Constraint::Length(1),
        ];
        let [header, messages, typing, intent, composer] = Layout::vertical(rows).areas(right);
        Self {
            banner,
            list,
            header,
            messages,
            typing,
            intent,
            composer,
            status,
        }
    }
}

/// The size of the message pane on a screen of this size, in columns and rows.
pub(crate) fn pane(screen: Rect, app: &App) -> (usize, usize) {
    let messages = Areas::of(screen, app).messages;
    (messages.width.into(), messages.height.into())
}

pub(crate) fn draw(frame: &mut Frame<'_>, app: &App, now: Instant) {
    draw_chat(frame, app, now);
    if let Some(above) = app.help() {
        help::draw(frame, above);
    }
}

fn draw_chat(frame: &mut Frame<'_>, app: &App, now: Instant) {
    let areas = Areas::of(frame.area(), app);
    if let Connection::Away {
        next,
        attempt,
        cause,
    } = app.connection()
    {
        let banner = banner(
            next.saturating_duration_since(now).as_secs_f32(),
            *attempt,
            cause,
        );
        frame.render_widget(
            Paragraph::new(banner).style(Style::new().black().bg(Color::Yellow)),
            areas.banner,
        );
    }
    draw_list(frame, app, areas.list);
    let status = hints::status(app, areas.status.width.into());
    frame.render_widget(Paragraph::new(status), areas.status);
    let Some(room) = app.room() else {
        let nothing = "You are in no room yet.".dim();
        frame.render_widget(Line::from(nothing), areas.messages);
        return;
    };
    frame.render_widget(header(app, room), areas.header);
    draw_messages(frame, app, room, areas.messages);
    frame.render_widget(typing(app, room, now), areas.typing);
    frame.render_widget(hints::intent(app, areas.intent.width.into()), areas.intent);
    draw_composer(frame, app, areas.composer);
}

fn banner(seconds: f32, attempt: u32, cause: &str) -> String {
    let next = if seconds > 0.0 {
        format!("next try in {} s", seconds.ceil())
    } else {
        "trying now\u{2026}".to_owned()
    };
    let cause = text::clean_line(cause);
    format!(" Reconnecting: {next} (attempt {attempt}; {cause})")
}

fn draw_list(frame: &mut Frame<'_>, app: &App, area: Rect) {
    let border = Block::new().borders(Borders::RIGHT).dim();
    let inside = border.inner(area);
    frame.render_widget(border, area);
    let rows = usize::from(inside.height);
    let first = app.selected().saturating_sub(rows.saturating_sub(1));
    let lines = app.rooms().iter().enumerate().skip(first).take(rows);
    let lines = lines.map(|(place, room)| entry(app, room, place, inside.width.into()));
    frame.render_widget(Paragraph::new(lines.collect::<Vec<_>>()), inside);
}

fn entry(app: &App, room: &Room, place: usize, columns: usize) -> Line<'static> {
    let dot = match app.partner(room) {
        Some(partner) => dot(app.is_online(partner)),
        None if room.info.is_direct => "  ".into(),
        None => "# ".dim(),
    };
    let unread = match room.info.unread {
        0 => String::new(),
        unread => format!(" {unread}"),
    };
    let left = columns.saturating_sub(2 + unread.len());
    let title = text::cut(&app.title(room), left);
    let gap = " ".repeat(left.saturating_sub(text::width(&title)));
    let mut line = Line::from(vec![dot, format!("{title}{gap}{unread}").into()]);
    if room.info.unread > 0 {
        line = line.bold();
    }
    if place == app.selected() {
        line = line.reversed();
    }
    line
}

fn dot(is_online: bool) -> Span<'static> {
    if is_online {
        "\u{25cf} ".green()
    } else {
        "\u{25cb} ".dim()
    }
}

fn header(app: &App, room: &Room) -> Line<'static> {
    let title = app.title(room).bold();
    if let Some(partner) = app.partner(room) {
        return Line::from(vec![dot(app.is_online(partner)), title]);
    }
    let mut spans = vec![title];
    if room.is_archived {
        spans.push(" (archived)".dim());
    }
    if let Members::Known(members) = &room.members {
        spans.push("  ".into());
        let others = members.iter().filter(|member| !app.is_me(member));
        let (online, away): (Vec<_>, Vec<_>) = others.partition(|member| app.is_online(member));
        for member in online.iter().chain(&away).take(NAMED) {
            spans.push(dot(app.is_online(member)));
            spans.push(format!("{}  ", app.name(member)).into());
        }
        let more = (online.len() + away.len()).saturating_sub(NAMED);
        if more > 0 {
            spans.push(format!("and {more} more").dim());
        }
    }
    Line::from(spans)
}

fn draw_messages(frame: &mut Frame<'_>, app: &App, room: &Room, area: Rect) {
    let height = usize::from(area.height);
    let transcript = Transcript::of(app, room, area.width.into());
    let shown = transcript.window(app.scroll(), height);
    // The newest message is at the bottom, above the typing line.
    let empty = u16::try_from(height.saturating_sub(shown.len())).unwrap_or(0);
    let area = Rect {
        y: area.y + empty,
        height: area.height - empty,
        ..area
    };
    frame.render_widget(Paragraph::new(shown), area);
}

fn typing(app: &App, room: &Room, now: Instant) -> Line<'static> {
    if app.scroll() > 0 {
        return Line::from(format!("\u{2193} {} more rows below", app.scroll()).dim());
    }
    let names: Vec<_> = room
        .typists(now)
        .take(3)
        .map(|user| app.name(user))
        .collect();
    let who = match names.as_slice() {
        [] => return Line::default(),
        [one] => format!("{one} is typing\u{2026}"),
        [one, other] => format!("{one} and {other} are typing\u{2026}"),
        [..] => "Several people are typing\u{2026}".to_owned(),
    };
    Line::from(who.italic().dim())
}

fn draw_composer(frame: &mut Frame<'_>, app: &App, area: Rect) {
    let Some(composer) = app.composer() else {
        return;
    };
    let columns = usize::from(area.width).saturating_sub(PROMPT.len());
    let (written, column) = composer.window(columns);
    let prompt = if app.takes_letters() {
        PROMPT.cyan()
    } else {
        PROMPT.dim()
    };
    frame.render_widget(Line::from(vec![prompt, written.into()]), area);
    if app.takes_letters() && app.help().is_none() {
        let column = u16::try_from(PROMPT.len() + column).unwrap_or(0);
        let x = (area.x + column).min(area.right().saturating_sub(1));
        frame.set_cursor_position(Position { x, y: area.y });
    }
}
