//! `GET /metrics`, for scrapers in the operator's network.

use std::{
    io,
    net::{SocketAddr, TcpListener},
    sync::Arc,
};

use actix_web::{App, HttpResponse, HttpServer, dev::Server, http::header::ContentType, web};
use metrics_exporter_prometheus::PrometheusHandle;

use super::Samples;

/// A scraper needs one at a time.
const MAX_CONNECTIONS: usize = 32;

pub(crate) fn listen(
    socket: TcpListener,
    handle: PrometheusHandle,
    samples: Samples,
) -> io::Result<(SocketAddr, Server)> {
    let address = socket.local_addr()?;
    let (handle, samples) = (web::Data::new(handle), web::Data::from(Arc::new(samples)));
    let server = HttpServer::new(move || {
        App::new()
            .app_data(handle.clone())
            .app_data(samples.clone())
            .route("/metrics", web::get().to(scrape))
    })
    .workers(1)
    .max_connections(MAX_CONNECTIONS)
    .shutdown_timeout(1)
    .disable_signals()
    .listen(socket)?;
    Ok((address, server.run()))
}

async fn scrape(handle: web::Data<PrometheusHandle>, samples: web::Data<Samples>) -> HttpResponse {
    samples.take().await;
    HttpResponse::Ok()
        .content_type(ContentType::plaintext())
        .body(handle.render())
}
